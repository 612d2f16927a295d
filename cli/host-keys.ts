import * as fs from "node:fs";
import * as os from "node:os";
import { type ScannedKey, type ScannedServer, scanHostKeys } from "../providers/host/ssh/scan-host-keys";
import type { Login } from "../providers/host/ssh/target";
import { readStackFile } from "../settings/stack-file";
import { Failure } from "../lab/run-program";
import { type Called, runCommand } from "./command-line";
import { hostKeyLines, whatToDo } from "./host-key-report";
import { bastionsOf, type ListedBastion, listedHosts, type ListedServer, pinnedKey } from "./inventory";
import { places } from "./places";
import { phase, say } from "./progress";
import { ensureStack, settingsInClear } from "./pulumi";
import { setUp } from "./setup";
import { chooseStack } from "./stack";

/** `make host-keys STACK=metal`: prints the host keys of all hosts of an inventory, to be compared and pasted. */
async function hostKeys({ stack: wanted }: Called): Promise<void> {
  const { name: stack } = await chooseStack(wanted);
  const hosts = await readableHosts(stack);
  if (hosts.length === 0) {
    throw new Failure(
      `Pulumi.${stack}.yaml lists no host with an address`,
      "Write the hosts under machines.nodes first: docs/metal.md says how.",
    );
  }
  const servers = [...bastionsOf(hosts), ...hosts];
  const answers = await phase(`host keys of stack ${stack}`, () => askAll(servers));
  for (const [index, server] of servers.entries()) {
    process.stdout.write(hostKeyLines(server, answers[index] ?? UNASKED).join("\n") + "\n");
  }
  const silent = answers.filter(({ key }) => !key).length;
  const next = whatToDo(answers);
  if (next) say(next);
  if (silent > 0) throw new Failure(`${silent} of ${servers.length} servers showed no key: see above`);
}

const UNASKED: ScannedKey = { problem: "it was not asked" };

/** Where the way to a bastion is by an encrypted key, the settings are read by Pulumi, which can decrypt it. */
async function readableHosts(stack: string): Promise<ListedServer[]> {
  const hosts = listedHosts(readStackFile(places.settings(stack)).settings);
  const isEncrypted = ({ login, ...bastion }: ListedBastion): boolean =>
    pinnedKey(bastion) !== undefined && login.privateKey !== undefined && typeof login.privateKey !== "string";
  if (!bastionsOf(hosts).some(isEncrypted)) return hosts;
  await setUp({ wanted: stack });
  await ensureStack(stack);
  return listedHosts(await settingsInClear(stack));
}

/** An answer for each server, in their order. */
async function askAll(servers: ListedServer[]): Promise<ScannedKey[]> {
  const ways = servers.map(wayTo);
  const asked = ways.filter((way): way is ScannedServer => typeof way !== "string");
  const keys = new Map((await scanHostKeys(asked)).map((key, index) => [asked[index], key]));
  return ways.map((way) => (typeof way === "string" ? { problem: way } : (keys.get(way) ?? UNASKED)));
}

/** How a server is reached, or why it can't be. */
function wayTo({ host, port, bastion }: ListedServer): ScannedServer | string {
  if (!bastion) return { host, port };
  const { name, user, pinned = "" } = bastion;
  if (!pinnedKey(bastion)) return `its bastion, ${name}, has no pinned key yet: pin that one, then run this again`;
  try {
    const through = { name, host: bastion.host, port: bastion.port, user, hostKey: pinned, ...loginBy(bastion.login) };
    return { host, port, bastion: through };
  } catch (error) {
    return `${name} can't be logged in to: ${(error as Error).message}`;
  }
}

/** @throws Error where the key file can't be read */
function loginBy({ privateKey, privateKeyPath, publicKey }: Record<string, unknown>): Login {
  if (typeof privateKey === "string") return { privateKey };
  if (typeof privateKeyPath === "string") {
    return { privateKey: fs.readFileSync(privateKeyPath.replace(/^~(?=\/)/, os.homedir()), "utf8") };
  }
  return {
    agent: typeof publicKey === "string" ? { publicKey: publicKey.trim().split(/\s+/).slice(0, 2).join(" ") } : {},
  };
}

void runCommand("host-keys", hostKeys);

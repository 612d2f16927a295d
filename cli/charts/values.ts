import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { dump } from "js-yaml";
import { addons } from "../../components/addons/list";
import { encryptedIn } from "../../settings/encrypted";
import { mappingOf, readStackFile } from "../../settings/stack-file";
import { madeUpHostKey } from "../from-empty-settings";
import { RefusedSettings, runProgram } from "./mocked-program";
import type { ReleaseInputs } from "./rendering";
import type { Pin } from "./sources";
import { pinnedKey } from "../inventory";
import { places } from "../places";

/** What the program gives to the releases of a stack, by the chart's name. */
export interface StackReleases {
  stack: string;
  releases: Record<string, ReleaseInputs>;
  /** Why a chart has no release in the stack. */
  refused: Record<string, Refusal>;
}

/** A stack in which the program doesn't install a chart that is switched on. */
export interface Refusal {
  problem: string;
  /** The stack's machines can't carry it, and that is all: nothing is wrong. */
  expected: boolean;
}

type Values = Record<string, unknown>;

/**
 * Runs the program for each stack with one add-on after the other switched on, under Pulumi's mocks and as in a preview: nothing is
 * made and nothing is connected to.
 *
 * @param folder the working directory, with a copy of `charts/`; its lock file is replaced.
 */
export async function releasesOf(
  stacks: readonly string[],
  pins: readonly Pin[],
  folder: string,
): Promise<StackReleases[]> {
  lockAll(pins, folder);
  const all: StackReleases[] = [];
  for (const stack of stacks) {
    const found: StackReleases = { stack, releases: {}, refused: {} };
    for (const pin of pins) {
      const addon = addons.find(({ chart }) => chart === pin.folder)?.name ?? pin.folder;
      try {
        const { settings, secretKeys } = settingsWith(stack, addon);
        Object.assign(found.releases, await runProgram(stack, settings, secretKeys, pins));
      } catch (error) {
        found.refused[pin.name] = refusalOf(error as Error);
      }
    }
    all.push(found);
  }
  return all;
}

/** Made-up digests, so that a preview knows each chart's path, by which its release is recognized. */
function lockAll(pins: readonly Pin[], folder: string): void {
  const lock = pins.map(({ name, version }) => [`${name}-${version}`, { upstream: "0".repeat(64) }]);
  fs.writeFileSync(path.join(folder, "charts", "charts.lock.yaml"), dump(Object.fromEntries(lock)));
}

/** The stack's settings with the add-on on. What a file can't hold, or holds encrypted, is made up. */
function settingsWith(stack: string, addon: string): { settings: Values; secretKeys: string[] } {
  const { settings } = readStackFile(places.settings(stack));
  const made = JSON.parse(JSON.stringify(settings), (key, value: unknown) =>
    isEncrypted(value) ? madeUpSecret(key) : value,
  ) as Values;
  // The upstream charts are asked for, not those of a mirror; a mirror's key may be in a file that isn't here.
  const mirrors = mappingOf(made.mirrors);
  for (const name of ["charts", "apt"]) delete mirrors[name];
  const written = (made.addons ??= {}) as Record<string, Values>;
  const { madeUpSettings } = addons.find(({ name }) => name === addon) ?? {};
  written[addon] = { ...madeUpSettings, ...written[addon], enabled: true };
  fillInHostKeys(made.machines);
  const secretKeys = Object.keys(settings).filter((key) => encryptedIn(settings[key], [key]).length > 0);
  return { settings: made, secretKeys: [...secretKeys, ...(madeUpSettings ? ["addons"] : [])] };
}

/** The settings check a deploy key's form. */
function madeUpSecret(name: string): string {
  if (name !== "sshPrivateKey") return "made-up";
  return generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

function isEncrypted(value: unknown): boolean {
  return value !== null && typeof value === "object" && "secure" in value;
}

/** An inventory that is still the example has placeholders for its hosts' keys. */
function fillInHostKeys(machines: unknown): void {
  const { kind, nodes = [] } = (machines ?? {}) as { kind?: string; nodes?: { name: string; ssh?: Values }[] };
  if (kind !== "metal") return;
  for (const node of nodes) {
    const pinned = node.ssh?.hostKey;
    if (!pinnedKey({ pinned: typeof pinned === "string" ? pinned : undefined }))
      node.ssh = { ...node.ssh, hostKey: madeUpHostKey(node.name) };
  }
}

/** Of settings that are refused: all that is wrong with them. Of anything else: its first line. */
function refusalOf(error: Error): Refusal {
  if (!(error instanceof RefusedSettings)) return { problem: error.message.split("\n")[0] ?? "", expected: false };
  const expected = addons.flatMap(({ name, settings }) => {
    const { NO_PLACE } = settings();
    return NO_PLACE === undefined ? [] : [`addons.${name}.enabled: ${NO_PLACE}`];
  });
  const isExpected = (problem: string) => expected.some((beginning) => problem.startsWith(beginning));
  return { problem: error.message, expected: error.problems.every(isExpected) };
}

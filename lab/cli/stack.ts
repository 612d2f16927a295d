import * as fs from "node:fs";
import { load } from "js-yaml";
import { gatewayAddress } from "../../settings/subnets";
import { Failure } from "./failure";
import { places } from "./places";

/** The stack that a command works on, and what the commands have to know of its settings. */
export interface Stack {
  name: string;
  /** Why this one, for the person at the terminal. */
  because: string;
  /** `nspawn` machines need programs of this computer, and may need the mirror. */
  machineKind: string;
  /** `address:port` of each place at which the settings expect the lab's mirror, loopback first; none where they do not. */
  mirrorAddresses: string[];
  /** The base images of nspawn machines: a cache, built once. */
  imagesFolder: string;
  /** The settings file has the salt of a passphrase. */
  hasSalt: boolean;
}

/** The lab's network where the settings name none; as in settings/machines.ts. */
const DEFAULT_SUBNET = "10.90.0.0/24";

/** The stack named by `STACK`, else the lab. */
export function chooseStack(wanted = process.env.STACK): Stack {
  const name = wanted || "lab";
  const because = wanted
    ? "because STACK says so"
    : "because the machines of `local` and `metal` are not built yet; STACK=… picks another";
  const file = places.settings(name);
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || !fs.existsSync(file)) {
    throw new Failure(
      `there is no stack ${JSON.stringify(name)}: no file Pulumi.${name}.yaml`,
      "Use STACK=lab, or none.",
    );
  }
  return { name, because, ...readSettings(fs.readFileSync(file, "utf8")) };
}

/** Where nspawn machines are, unless the settings say otherwise; as in settings/machines.ts. */
const DEFAULT_STATE_DIR = "/var/lib/homelab/nspawn";

/** What the text of a settings file says. The program itself checks the settings; here a wrong one is only not found. */
export function readSettings(text: string): Omit<Stack, "name" | "because"> {
  const file = (load(text) ?? {}) as { config?: Record<string, unknown>; encryptionsalt?: unknown };
  const config = file.config ?? {};
  const machines = (config["homelab:machines"] ?? {}) as {
    kind?: unknown;
    network?: { subnet?: unknown };
    stateDir?: unknown;
  };
  const subnet = typeof machines.network?.subnet === "string" ? machines.network.subnet : DEFAULT_SUBNET;
  const stateDir = typeof machines.stateDir === "string" ? machines.stateDir : DEFAULT_STATE_DIR;
  return {
    imagesFolder: `${stateDir}/images`,
    machineKind: String(machines.kind),
    mirrorAddresses:
      machines.kind === "nspawn" ? ownAddresses(JSON.stringify(config), ["127.0.0.1", gateway(subnet)]) : [],
    hasSalt: file.encryptionsalt !== undefined,
  };
}

function gateway(subnet: string): string {
  try {
    return gatewayAddress(subnet);
  } catch {
    return gatewayAddress(DEFAULT_SUBNET);
  }
}

/** Each `host:port` of the http addresses in a text whose host is this computer, in the order of the hosts. */
function ownAddresses(text: string, hosts: string[]): string[] {
  const found = [...text.matchAll(/http:\/\/([0-9.]+):(\d+)\//g)].map(([, host, port]) => ({ host, port }));
  return hosts.flatMap((host) => [
    ...new Set(found.filter((address) => address.host === host).map(({ port }) => `${host}:${port}`)),
  ]);
}

import * as fs from "node:fs";
import type { z } from "zod";
import { type AddonName, addonNames } from "../lab/addons/names";
import { DEFAULT_STATE_DIR, RELEASES, schema as nspawnSchema } from "../providers/machines/nspawn/settings";
import { addonsSchema } from "../settings/addons";
import { type Place, placesOf, valueOf } from "../settings/places";
import { mappingOf, parseStackFile } from "../settings/stack-file";
import { gatewayAddress } from "../settings/subnets";
import { stateFile } from "./backend";
import { Failure, run } from "../lab/run-program";
import { places } from "./places";
import { findProgram } from "./programs";

/** The stack that a command works on, and what the commands have to know of its settings. */
export interface Stack {
  name: string;
  /** Why this one, for the person at the terminal. */
  because: string;
  /** `nspawn` machines need programs of this workstation, and may need the mirror. */
  machineKind: string;
  /** `address:port` of each place at which the settings expect the lab's mirror, loopback first; none where they don't. */
  mirrorAddresses: string[];
  /** What is on of what the mirror has only where it is. */
  addons: AddonName[];
  /** The system of nspawn machines, as a person says it: `Debian 12 (bookworm)`. */
  machineSystem: string;
  /** The base images of nspawn machines: a cache, built once. */
  imagesFolder: string;
  /** Of the passphrase that encrypts secrets; none where no stack was made yet, or something else encrypts them. */
  salt?: string;
  /** Something else than a passphrase encrypts secrets, as in a key service. */
  otherSecretsProvider: boolean;
}

/** What decides where no stack is named. */
const found = { isSetUp: (name: string): boolean => fs.existsSync(stateFile(name)), multipass: askMultipass };

/** The stack named by `STACK`, else the one that is there, else Multipass machines where it works, else the lab. */
export async function chooseStack(wanted: string | undefined, here = found): Promise<Stack> {
  const { name, because } = wanted ? { name: wanted, because: "because STACK says so" } : await defaultStack(here);
  const file = places.settings(name);
  if (!/^[A-Za-z0-9_.-]+$/.test(name) || !fs.existsSync(file)) {
    throw new Failure(
      `there is no stack ${JSON.stringify(name)}: no file Pulumi.${name}.yaml`,
      "Use STACK=lab, STACK=local or STACK=metal, or none.",
    );
  }
  return { name, because, ...readSettings(fs.readFileSync(file, "utf8")) };
}

const OTHERS = "STACK=… picks another";

async function defaultStack({ isSetUp, multipass }: typeof found): Promise<{ name: string; because: string }> {
  const there = ["lab", "local"].filter(isSetUp);
  if (there.length === 1) return { name: there[0] ?? "", because: `because it is set up here already; ${OTHERS}` };
  const { works, why } = await multipass();
  return { name: works ? "local" : "lab", because: `because ${why}; ${OTHERS}` };
}

/** How long Multipass may take to say its version, in seconds. */
const MULTIPASS_ANSWER_SECONDS = 10;

/** Whether Multipass can make machines here. */
export async function askMultipass(): Promise<{ works: boolean; why: string }> {
  if (!findProgram("multipass")) return { works: false, why: "there is no Multipass on PATH" };
  const asked = await run("multipass", ["version"], { timeoutSeconds: MULTIPASS_ANSWER_SECONDS });
  if (asked.exitCode === 0) return { works: true, why: "Multipass is installed" };
  const said = asked.timedOut ? "it took too long" : (asked.stderr.trim().split("\n")[0] ?? "");
  return { works: false, why: `Multipass is installed, but \`multipass version\` fails: ${said}` };
}

/** What the text of a stack's file says. The program itself checks the settings; here a wrong one is only not found. */
export function readSettings(text: string): Omit<Stack, "name" | "because"> {
  const { settings, salt, secretsProvider = "passphrase" } = parseStackFile(text);
  const addons = placesOf(addonsSchema, settings.addons ?? {});
  const nspawn = placesOf(nspawnSchema, settings.machines ?? {});
  const { kind } = mappingOf(settings.machines);
  const subnet = valueOf(nspawn.network.subnet);
  const ownHosts = ["127.0.0.1", ...(subnet === undefined ? [] : [gatewayAddress(subnet)])];
  return {
    addons: addonNames.filter((name) => isOn(addons[name])),
    machineSystem: systemOf(valueOf(nspawn.image.release) ?? "bookworm"),
    imagesFolder: `${valueOf(nspawn.stateDir) ?? DEFAULT_STATE_DIR}/images`,
    machineKind: String(kind),
    mirrorAddresses: kind === "nspawn" ? ownAddresses(JSON.stringify(settings), ownHosts) : [],
    ...(salt === undefined ? {} : { salt }),
    otherSecretsProvider: secretsProvider !== "passphrase",
  };
}

function systemOf(release: string): string {
  const name = (RELEASES as Readonly<Record<string, string>>)[release];
  return name ? `${name} (${release})` : release;
}

type Addons = Place<z.output<typeof addonsSchema>>;

/** In the cluster, or on the hosts. */
function isOn(addon: Addons[AddonName]): boolean {
  return Boolean(valueOf(addon.enabled) || ("machines" in addon && valueOf(addon.machines.enabled)));
}

/** Each `host:port` of the http addresses in a text whose host is this workstation, in the order of the hosts. */
function ownAddresses(text: string, hosts: string[]): string[] {
  const found = [...text.matchAll(/http:\/\/([0-9.]+):(\d+)\//g)].map(([, host, port]) => ({ host, port }));
  return hosts.flatMap((host) => [
    ...new Set(found.filter((address) => address.host === host).map(({ port }) => `${host}:${port}`)),
  ]);
}

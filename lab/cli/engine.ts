import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cacheRoot } from "../build/cache";
import { ensureAllBinaries } from "../build/binaries";
import { dependencies } from "../../package.json";
import { must, run } from "./command";
import { places } from "./places";
import { findProgram } from "./programs";
import type { Phase } from "./progress";
import { sayIn } from "./build-progress";

/** The plugins that the program uses beside the engine's own, at the versions of their npm packages. */
const PLUGINS = [
  { name: "command", version: dependencies["@pulumi/command"] },
  { name: "kubernetes", version: dependencies["@pulumi/kubernetes"] },
] as const;
type Plugin = (typeof PLUGINS)[number];

/** How long one download of a released plugin may take, in seconds. */
const DOWNLOAD_SECONDS = 20;

/** What the engine needs in the environment. */
export interface Engine {
  /** The folder to be put before PATH; none where everything is installed. */
  path?: string;
  /** PULUMI_HOME is ours: the user's own folder is left alone. */
  ownHome: boolean;
  /** The plugins that the lab's stand-ins stand for. */
  standIns: string[];
  /** In a few words, for the person at the terminal. */
  description: string;
}

/** Finds the engine and its plugins; what is released and installed wins over what can be downloaded, and that over what is built. */
export async function findEngine(phase: Phase): Promise<Engine> {
  const cli = releasedCli();
  const missing = PLUGINS.filter((plugin) => !installedPlugin(plugin, userHome()) && !onPath(plugin));
  if (cli && missing.length === 0) {
    return { ownHome: false, standIns: [], description: `${await versionOf(cli)}, installed` };
  }
  const built = cli ? undefined : await builtEngine(phase);
  const standIns: Plugin[] = [];
  for (const plugin of missing) {
    if (!(await downloaded(plugin, cli ?? path.join(built ?? "", "pulumi"), phase))) standIns.push(plugin);
  }
  const folder = built && standIns.length === PLUGINS.length ? built : await linkPrograms(built, standIns, phase);
  return {
    path: folder,
    ownHome: true,
    standIns: standIns.map((plugin) => plugin.name),
    description: `${await versionOf(cli ?? path.join(folder, "pulumi"))}, ${cli ? "installed" : "built from its Go modules"}`,
  };
}

/** The Pulumi CLI that the user has: not one of ours, and complete. */
function releasedCli(): string | undefined {
  const cli = findProgram("pulumi", [places.homelab, cacheRoot()]);
  if (!cli) return undefined;
  const beside = path.dirname(fs.realpathSync(cli));
  const isOurs = path.relative(cacheRoot(), beside).split(path.sep)[0] !== "..";
  const host = findProgram("pulumi-language-nodejs", [], [beside, process.env.PATH].join(path.delimiter));
  return isOurs || !host ? undefined : cli;
}

async function versionOf(cli: string): Promise<string> {
  return `Pulumi ${(await must("asking the Pulumi CLI for its version", cli, ["version"])).trim()}`;
}

function userHome(): string {
  const own = process.env.PULUMI_HOME;
  return own && own !== places.pulumiHome ? own : path.join(os.homedir(), ".pulumi");
}

/** Where the login of the user is kept, if there is one. */
export function userCredentials(): string | undefined {
  const folder = process.env.PULUMI_CREDENTIALS_PATH || userHome();
  return fs.existsSync(path.join(folder, "credentials.json")) ? folder : undefined;
}

/** The program of a plugin in a Pulumi home; `undefined` where it is not installed there. */
function installedPlugin({ name, version }: Plugin, home: string): string | undefined {
  const file = path.join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
  return fs.existsSync(file) ? file : undefined;
}

function onPath(plugin: Plugin): string | undefined {
  return findProgram(`pulumi-resource-${plugin.name}`, [places.homelab, cacheRoot()]);
}

/** Tries once to download a released plugin into our own Pulumi home; later runs believe the answer until `make down`. */
async function downloaded(plugin: Plugin, cli: string, phase: Phase): Promise<boolean> {
  if (installedPlugin(plugin, places.pulumiHome)) return true;
  const tried = path.join(places.pulumiHome, `tried-${plugin.name}-${plugin.version}`);
  if (fs.existsSync(tried)) return false;
  phase.note(`downloading the plugin ${plugin.name} ${plugin.version}`);
  fs.mkdirSync(places.pulumiHome, { recursive: true });
  await run(cli, ["plugin", "install", "resource", plugin.name, plugin.version], {
    timeoutSeconds: DOWNLOAD_SECONDS,
    cwd: os.tmpdir(),
    env: { PULUMI_HOME: places.pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  if (installedPlugin(plugin, places.pulumiHome)) return true;
  fs.writeFileSync(tried, "");
  return false;
}

async function builtEngine(phase: Phase): Promise<string> {
  return (await ensureAllBinaries(["engine"], sayIn(phase))).engine;
}

/** A folder of links to exactly what is to be found on PATH: a released plugin must not be hidden by a stand-in beside the CLI. */
async function linkPrograms(built: string | undefined, standIns: readonly Plugin[], phase: Phase): Promise<string> {
  const engine = built ?? (standIns.length > 0 ? await builtEngine(phase) : undefined);
  const links = new Map<string, string>();
  const engineOwn = ["pulumi", "pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];
  if (built) for (const name of engineOwn) links.set(name, path.join(built, name));
  for (const plugin of PLUGINS) {
    const program = `pulumi-resource-${plugin.name}`;
    const released = installedPlugin(plugin, userHome()) ?? installedPlugin(plugin, places.pulumiHome);
    if (standIns.includes(plugin) && engine) links.set(program, path.join(engine, program));
    else if (released) links.set(program, released);
  }
  fs.rmSync(places.bin, { recursive: true, force: true });
  fs.mkdirSync(places.bin, { recursive: true });
  for (const [name, target] of links) fs.symlinkSync(target, path.join(places.bin, name));
  return places.bin;
}

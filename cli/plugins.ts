import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dependencies } from "../package.json";
import { cacheRoot } from "../lab/build/cache-folder";
import { run } from "../lab/run-program";
import { places } from "./places";
import { findProgram, isInside } from "./programs";

/** A plugin that the program uses beside the engine's own. */
export interface Plugin {
  name: string;
  version: string;
}

/** At the versions of their npm packages. */
export const PLUGINS: readonly Plugin[] = [
  { name: "command", version: dependencies["@pulumi/command"] },
  { name: "kubernetes", version: dependencies["@pulumi/kubernetes"] },
];

/** How long one download of a released plugin may take, in seconds. */
const DOWNLOAD_SECONDS = 20;

/** The file name of a plugin's program. */
export function programOf(plugin: Plugin): string {
  return `pulumi-resource-${plugin.name}`;
}

/** Where a Pulumi home has the program of a plugin. */
function fileIn(home: string, plugin: Plugin): string {
  return path.join(home, "plugins", `resource-${plugin.name}-v${plugin.version}`, programOf(plugin));
}

/** The user's Pulumi home, whatever an earlier `. .homelab/env` has set. */
export function userHome(): string {
  const own = process.env.PULUMI_HOME;
  return own && own !== places.pulumiHome ? own : path.join(os.homedir(), ".pulumi");
}

/** True where the user's Pulumi home has the plugin. */
export function isInstalled(plugin: Plugin): boolean {
  return fs.existsSync(fileIn(userHome(), plugin));
}

/** The program of a released plugin on this workstation: installed by the user, on PATH, or downloaded by us before. */
export function releasedPlugin(plugin: Plugin): string | undefined {
  if (isInstalled(plugin)) return fileIn(userHome(), plugin);
  const onPath = findProgram(programOf(plugin), [places.homelab, cacheRoot()]);
  if (onPath) return onPath;
  const ours = fileIn(places.pulumiHome, plugin);
  return fs.existsSync(ours) && !isInside(fs.realpathSync(ours), cacheRoot()) ? ours : undefined;
}

/** Tries once to download a released plugin into our own Pulumi home; later runs believe the answer until `make down`. */
export async function tryDownload(plugin: Plugin, cli: string): Promise<string | undefined> {
  const tried = path.join(places.pulumiHome, `tried-${plugin.name}-${plugin.version}`);
  if (fs.existsSync(tried)) return undefined;
  fs.mkdirSync(places.pulumiHome, { recursive: true });
  // Not from the checkout, whose settings could ask for something; the link to a build of the lab would count as installed.
  fs.rmSync(path.dirname(fileIn(places.pulumiHome, plugin)), { recursive: true, force: true });
  await run(cli, ["plugin", "install", "resource", plugin.name, plugin.version], {
    timeoutSeconds: DOWNLOAD_SECONDS,
    cwd: os.tmpdir(),
    env: { PULUMI_HOME: places.pulumiHome, PULUMI_SKIP_UPDATE_CHECK: "true" },
  });
  fs.writeFileSync(tried, "");
  return releasedPlugin(plugin);
}

/** Makes our own Pulumi home offer the plugin as if it were installed there. */
export function offer(plugin: Plugin, program: string): void {
  const file = fileIn(places.pulumiHome, plugin);
  if (program === file) return;
  fs.rmSync(path.dirname(file), { recursive: true, force: true });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.symlinkSync(program, file);
}

import * as fs from "node:fs";
import * as path from "node:path";
import { ensureAllBinaries } from "../lab/build/binaries";
import { cacheRoot } from "../lab/build/cache-folder";
import { labVersions } from "../lab/build/versions";
import { sayIn } from "./progress";
import { must } from "../lab/run-program";
import { downloadCli } from "./download";
import { places } from "./places";
import { isInstalled, offer, type Plugin, PLUGINS, programOf, releasedPlugin, tryDownload, userHome } from "./plugins";
import { findProgram, isInside } from "./programs";
import type { Phase } from "./progress";

/** What the engine needs in the environment. */
export interface Engine {
  /** The folder to be put before PATH; none where the CLI is installed. */
  path?: string;
  /** The plugins are those of our own PULUMI_HOME, and no others: the user's own folder is left alone. */
  ownHome: boolean;
  /** The names of the plugins that are the lab's own builds, because the released ones can't be downloaded here. */
  builtPlugins: string[];
  /** In a few words, for the person at the terminal. */
  description: string;
}

/** The programs that a complete installation has beside the CLI. */
const BESIDE_THE_CLI = ["pulumi-language-nodejs", "pulumi-resource-pulumi-nodejs"];

/**
 * Finds the engine and its plugins. What is released and installed wins over what can be downloaded (tried once), and that
 * over what is built here.
 */
export async function findEngine(phase: Phase): Promise<Engine> {
  const installed = releasedCli();
  if (installed && PLUGINS.every(isInstalled)) {
    return { ownHome: false, builtPlugins: [], description: `${await versionOf(installed)}, installed` };
  }
  phase.note("finding a released CLI");
  const downloaded = installed ? undefined : await downloadCli();
  const folder = installed ? undefined : (downloaded ?? (await builtEngine(phase)));
  const cli = installed ?? path.join(folder ?? "", "pulumi");
  const built: Plugin[] = [];
  for (const plugin of PLUGINS) {
    phase.note(`finding the plugin ${plugin.name} ${plugin.version}`);
    const program = releasedPlugin(plugin) ?? (await tryDownload(plugin, cli));
    if (program) offer(plugin, program);
    else built.push(plugin);
  }
  if (built.length > 0) {
    const engine = await builtEngine(phase);
    for (const plugin of built) offer(plugin, path.join(engine, programOf(plugin)));
  }
  return {
    path: folder,
    ownHome: true,
    builtPlugins: built.map((plugin) => plugin.name),
    description: installed
      ? `${await versionOf(cli)}, installed`
      : `Pulumi v${labVersions.pulumi}, ${downloaded ? "downloaded" : "built from its Go modules"}`,
  };
}

/** The Pulumi CLI that the user has: not one of ours, and complete. */
function releasedCli(): string | undefined {
  const cli = findProgram("pulumi", [places.homelab, cacheRoot()]);
  if (!cli) return undefined;
  const folder = path.dirname(fs.realpathSync(cli));
  const complete = BESIDE_THE_CLI.every((name) => fs.existsSync(path.join(folder, name)));
  return complete && !isInside(folder, cacheRoot()) ? cli : undefined;
}

async function versionOf(cli: string): Promise<string> {
  return `Pulumi ${(await must("asking the Pulumi CLI for its version", cli, ["version"])).trim()}`;
}

async function builtEngine(phase: Phase): Promise<string> {
  return (await ensureAllBinaries(["engine"], sayIn(phase))).engine;
}

/** The folder of the user's login, if there is one. */
export function userCredentials(): string | undefined {
  const folder = process.env.PULUMI_CREDENTIALS_PATH || userHome();
  return fs.existsSync(path.join(folder, "credentials.json")) ? folder : undefined;
}

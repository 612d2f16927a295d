import * as fs from "node:fs";

import execa from "execa";

import { quoteAll } from "../../providers/host/shell/quote";
import { type Parsed, valueOf } from "./arguments";
import { CommandFailure, commandLineError, daemonError, errorsOccurred, exitCodes } from "./failure";
import { allInstances, type Instance, loadInstance, named } from "./instance";
import { startMachine, stateOf, waitUntilRunning } from "./machine";
import { sshOptions, sshTarget } from "./ssh";

export const execOptions = [
  { names: ["working-directory", "d"], value: true },
  { names: ["no-map-working-directory", "n"] },
] as const;
export const transferOptions = [{ names: ["recursive", "r"] }, { names: ["parents", "p"] }] as const;

const START_LIMIT = 300;
const CONNECT_LIMIT = 10;

/** `multipass exec`: answers the program's own exit code. Standard input, output and error are the client's. */
export async function exec(parsed: Parsed): Promise<number> {
  const folder = valueOf(parsed, "working-directory");
  if (folder !== undefined && parsed.options.has("no-map-working-directory")) {
    throw commandLineError("Options --working-directory and --no-map-working-directory clash");
  }
  const [name, ...command] = parsed.positionals;
  if (name === undefined || command.length === 0) throw commandLineError("Wrong number of arguments");
  const [instance] = named("exec", [name], { deletedToo: false }, allInstances());
  const running = await started(instance as Instance);
  const line = `${folder === undefined ? "" : `${quoteAll(["cd", folder])}&&`}${quoteAll(command)}`;
  return ssh(running, line, process.stdin.isTTY ? ["-t"] : ["-T"]);
}

/** A stopped instance is started first, as the client does. */
async function started(instance: Instance): Promise<Instance> {
  if ((await stateOf(instance)) === "Running") return instance;
  await startMachine(instance);
  // The boot may have given it another address.
  if (await waitUntilRunning(instance, START_LIMIT)) return loadInstance(instance.name) ?? instance;
  throw daemonError("start", errorsOccurred([`${instance.name}: timed out waiting for response`]));
}

async function ssh(instance: Instance, line: string, options: readonly string[]): Promise<number> {
  const args = [...sshOptions(CONNECT_LIMIT), ...options, sshTarget(instance), line];
  const ended = await execa("ssh", args, { stdio: "inherit", reject: false });
  return ended.exitCode ?? exitCodes.shellExecFail;
}

/** `multipass transfer`: to or from an instance, `-` for standard input or output. */
export async function transfer(parsed: Parsed): Promise<number> {
  if (parsed.positionals.length < 2) throw commandLineError("Not enough arguments given");
  const ends = parsed.positionals.map(endOf);
  const [target, sources] = [ends.at(-1) as End, ends.slice(0, -1)];
  checkEnds(sources, target);
  const name = (target.instance ?? sources[0]?.instance) as string;
  const [known] = named("transfer", [name], { deletedToo: false }, allInstances());
  const instance = known as Instance;
  if ((await stateOf(instance)) !== "Running") {
    throw daemonError("transfer", errorsOccurred([`instance "${name}" is not running`]));
  }
  const onlySource = sources[0] as End;
  if (onlySource.path === "-" && !onlySource.instance)
    return copied(await ssh(instance, `cat >${quoteAll([target.path])}`, ["-T"]));
  if (target.path === "-" && !target.instance)
    return copied(await ssh(instance, `cat ${quoteAll([onlySource.path])}`, ["-T", "-n"]));
  const recursive = parsed.options.has("recursive");
  for (const { instance: from, path } of sources) if (!from) checkLocal(path, recursive);
  if (parsed.options.has("parents") && target.instance)
    await ssh(instance, `mkdir -p "$(dirname ${quoteAll([target.path])})"`, ["-T", "-n"]);
  const place = (end: End): string => (end.instance ? `${sshTarget(instance)}:${end.path}` : end.path);
  const args = [...sshOptions(CONNECT_LIMIT), "-q", "-p", ...(recursive ? ["-r"] : []), "--", ...ends.map(place)];
  return copied((await execa("scp", args, { stdio: ["ignore", "inherit", "inherit"], reject: false })).exitCode ?? 1);
}

interface End {
  readonly instance?: string;
  readonly path: string;
}

function endOf(text: string): End {
  const [instance, ...path] = text.split(":");
  return path.length > 0 && instance ? { instance, path: path.join(":") || "." } : { path: text || "." };
}

function checkEnds(sources: readonly End[], target: End): void {
  const streams = sources.filter(({ instance, path }) => !instance && path === "-").length;
  const toStream = !target.instance && target.path === "-";
  if (streams > 1 || (streams > 0 && toStream)) throw commandLineError("Only one '-' allowed");
  if ((streams > 0 || toStream) && sources.length > 1)
    throw commandLineError("Only two arguments allowed when using '-'");
  const inside = sources.filter(({ instance }) => instance).length;
  if (toStream && inside === 0) throw commandLineError("Source must be from inside an instance");
  if (streams > 0 && !target.instance) throw commandLineError("Target must be inside an instance");
  if (target.instance && inside > 0)
    throw commandLineError("Cannot specify an instance name for both source and destination");
  if (target.instance || inside === sources.length) return;
  const why =
    inside > 0
      ? "All sources must be from inside an instance"
      : "An instance name is needed for either source or destination";
  throw commandLineError(why);
}

function checkLocal(path: string, recursive: boolean): void {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (!stat)
    throw new CommandFailure(`[sftp] cannot access "${path}": No such file or directory`, exitCodes.commandFail);
  if (stat.isDirectory() && !recursive) {
    throw new CommandFailure(
      `[sftp] omitting local directory "${path}": recursive mode not specified`,
      exitCodes.commandFail,
    );
  }
}

function copied(exitCode: number): number {
  return exitCode === 0 ? exitCodes.ok : exitCodes.commandFail;
}

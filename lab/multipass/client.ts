import { type OptionSpec, type Parsed, parseArguments } from "./arguments";
import { CommandFailure, daemonError, exitCodes } from "./failure";
import { homePath, knob } from "./home";
import { exec, execOptions, transfer, transferOptions } from "./inside";
import { launch, launchOptions } from "./launch";
import {
  deleteOptions,
  purge,
  recover,
  recoverOptions,
  remove,
  restart,
  start,
  startOptions,
  stop,
  stopOptions,
} from "./lifecycle";
import { formatOption, info, list, version } from "./report";
import { get, set } from "./settings";

interface Command {
  readonly options: readonly OptionSpec[];
  /** Answers what it prints, or the exit code where it printed by itself. */
  readonly run: (parsed: Parsed) => string | number | Promise<string | number>;
}

/** What is built. */
const commands: Readonly<Record<string, Command>> = {
  launch: { options: launchOptions, run: launch },
  info: { options: [formatOption, { names: ["no-runtime-information"] }], run: info },
  list: { options: [formatOption, { names: ["no-ipv4"] }], run: list },
  version: { options: [formatOption], run: (parsed) => version(parsed, knob("daemon") === undefined) },
  start: { options: startOptions, run: start },
  stop: { options: stopOptions, run: stop },
  restart: { options: startOptions, run: restart },
  delete: { options: deleteOptions, run: remove },
  recover: { options: recoverOptions, run: recover },
  purge: { options: [], run: purge },
  exec: { options: execOptions, run: exec },
  transfer: { options: transferOptions, run: transfer },
  set: { options: [], run: set },
  get: { options: [{ names: ["raw"] }], run: get },
};

const aliases: Readonly<Record<string, string>> = { ls: "list", "copy-files": "transfer" };

/** What the released client has besides. */
const notBuilt =
  "alias aliases authenticate clone find help mount networks prefer restore shell snapshot suspend umount unalias wait-ready".split(
    " ",
  );

/**
 * Runs one command line. Answers the exit code, and hands on what is to be printed.
 *
 * @throws CommandFailure with the message for standard error and the exit code
 */
export async function client(words: readonly string[], print: (text: string) => void): Promise<number> {
  homePath();
  const at = words.findIndex((word) => !word.startsWith("-"));
  const wantsVersion = words[0] === "--version" || words[0] === "-V";
  if (at < 0 && !wantsVersion) {
    print(generalHelp());
    return words.some((word) => word === "-h" || word === "--help") ? exitCodes.ok : exitCodes.commandFail;
  }
  const asked = wantsVersion ? "version" : (words[at] as string);
  const name = aliases[asked] ?? asked;
  const command = commands[name];
  if (!command) return unknown(name, print);
  const parsed = parseArguments(
    wantsVersion ? words.slice(1) : words.filter((_, index) => index !== at),
    command.options,
  );
  if (parsed.options.has("help")) {
    print(`Usage: multipass ${name} [options]\n`);
    return exitCodes.ok;
  }
  if (name !== "version") requireDaemon(name);
  const result = await command.run(parsed);
  if (typeof result === "number") return result;
  print(result);
  return exitCodes.ok;
}

/** The released client says it on standard output, and ends as for any command line that it can't understand. */
function unknown(name: string, print: (text: string) => void): number {
  if (notBuilt.includes(name))
    throw new Error(`fake multipass: the command ${name} is not built; the real client has it`);
  print(`Error: Unknown command or alias '${name}' (try "multipass help" or "multipass aliases")\n`);
  return exitCodes.commandLine;
}

/** Where a test took the daemon away; README.md says why there are two ways to end. */
function requireDaemon(name: string): void {
  const state = knob("daemon");
  if (state === undefined) return;
  const details = "Please ensure multipassd is running and '/run/multipass_socket' is accessible";
  const failure = daemonError(name, "cannot connect to the multipass socket", details);
  throw state === "unavailable" ? new CommandFailure(failure.message, exitCodes.daemonFail) : failure;
}

function generalHelp(): string {
  const names = Object.keys(commands).sort();
  return `Usage: multipass [options] <command>\nCreate, control and connect to cloud instances.\n\nAvailable commands:\n${names.map((name) => `  ${name}\n`).join("")}`;
}

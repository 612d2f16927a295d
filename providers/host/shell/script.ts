import { expectCommands, type ExpectedFact } from "../facts/expected";
import { LIBRARY_FILE, libraryText } from "./library";
import { hereDocument, quote } from "./quote";

interface ScriptArgs {
  /** The host's name in messages. Left out: its own hostname. */
  host?: string;
  /** The step's name: a DNS label. */
  step: string;
  /** Bash commands. May use the library's functions, as `die PROBLEM [ACTION]`. */
  commands: string;
  /** What the step leaves behind. Left out: it writes no expected state. */
  expected?: readonly ExpectedFact[];
  /** Environment of all commands, as proxies are given. Not for secrets. */
  environment?: Readonly<Record<string, string>>;
  /**
   * The script carries the library and prints it by `library`, for a host that may have none, or another one. Left out: it uses
   * the one on the host.
   */
  standalone?: boolean;
}

/**
 * A step's whole script, for `bash -s`. It refuses a system that it isn't written for,
 * takes the host's lock, does its work, and writes its expected state last. All of it is in a function that is called in the
 * last line: where the stream is cut, nothing runs, and no command eats the rest of the script from standard input.
 */
export function stepScript(args: ScriptArgs): string {
  return script(args, args.standalone ? carriedLibrary() : USE_LIBRARY, ["begin", work(args)]);
}

/**
 * A script of a control plane that asks the cluster, and changes nothing on the host: it takes no lock. It exits with
 * CLUSTER_GONE where there is no cluster to ask.
 */
export function clusterScript(commands: string): string {
  return script({ step: "cluster" }, carriedLibrary(), ["require_cluster", commands.trim()]);
}

function script(args: Omit<ScriptArgs, "commands">, library: readonly string[], body: readonly string[]): string {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(args.step)) throw new Error(`'${args.step}' is no name of a step`);
  const environment = Object.entries(args.environment ?? {}).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [
    FIRST_LINE,
    `host=${args.host === undefined ? "$(hostname)" : quote(args.host)} step=${args.step}`,
    ...library,
    ...environment,
    "main() {",
    ...body,
    "}",
    "main </dev/null",
    "",
  ].join("\n");
}

const FIRST_LINE = "set -euo pipefail";

/** The script of a step in a text that has more before it, such as what makes its shell root's. */
export function scriptFrom(text: string): string | undefined {
  const start = `\n${text}`.indexOf(`\n${FIRST_LINE}\n`);
  return start < 0 ? undefined : text.slice(start);
}

function work({ commands, expected }: ScriptArgs): string {
  return [commands.trim(), ...(expected ? [expectCommands(expected)] : [])].join("\n");
}

const USE_LIBRARY = [
  `. ${LIBRARY_FILE} || { echo "$host: $step: ${LIBRARY_FILE} can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }`,
];

/** The lines before the commands of a script that carries the library. */
export function carriedLibrary(): string[] {
  return ["library() {", `cat ${hereDocument(libraryText())}`, "}", 'eval "$(library)"'];
}

import { parseArgs, type ParseArgsConfig } from "node:util";
import { Failure } from "../lab/run-program";
import { unsupportedWorkstation } from "../settings/workstation";
import { coloured } from "./progress";

interface Option {
  type: "string" | "boolean";
  /** Its name as a variable of `make`, as in `make check JSON=1`; none where `make` doesn't take it. */
  variable?: string;
  /** How its value is called in the help; a boolean has none. */
  value?: string;
  does: string;
}

/** Each option that a command may have. */
const OPTIONS = {
  stack: { type: "string", variable: "STACK", value: "NAME", does: "the stack, as in Pulumi.NAME.yaml" },
  json: { type: "boolean", variable: "JSON", does: "print JSON and nothing else" },
  image: { type: "string", variable: "CHECK_IMAGE", value: "IMAGE", does: "the image of the pods that are created" },
  gone: { type: "boolean", variable: "GONE", does: "the cluster is gone for good: don't delete what was in it" },
  charts: { type: "string", variable: "CHARTS", value: "FOLDER", does: "packaged charts, as <name>-<version>.tgz" },
  all: { type: "boolean", does: "every tier, with the cluster's" },
  cold: { type: "boolean", variable: "COLD", does: "build everything in an empty cache first: half an hour" },
} as const satisfies Record<string, Option>;

type OptionName = keyof typeof OPTIONS;

/** The commands: what each does, as `make help` says it, and what it takes. */
export const COMMANDS = {
  up: { does: "build the cluster, or bring it to what the settings say", options: ["stack"] },
  preview: { does: "show what `make up` would change", options: ["stack", "json"] },
  refresh: { does: "read the facts of the hosts, and record what differs from the state", options: ["stack"] },
  kubeconfig: {
    does: "print the kubeconfig (a secret: make -s kubeconfig > file, mode 0600)",
    options: ["stack"],
  },
  nodes: { does: "show the nodes of the cluster", options: ["stack"] },
  check: {
    does: "check whether the running cluster is healthy, and say what to do",
    options: ["stack", "json", "image"],
  },
  "host-keys": { does: "print the host keys of a metal inventory, to compare and paste", options: ["stack"] },
  down: { does: "remove the cluster, its machines, and what `make up` made", options: ["stack", "gone"] },
  "clean-cache": { does: "remove what was built and kept for the next `make up`", options: ["stack"] },
  test: { does: "types, rules, and every tier of tests but the cluster's", options: ["all"], operands: "[TIER …]" },
  "charts-check": {
    does: "render every pinned chart with the values of each stack",
    options: ["charts"],
  },
  bench: { does: "measure the times and sizes that have a budget", options: ["cold"] },
  "from-empty": { does: "prepare a preview that needs no secret and no state", options: [], operands: "STACK" },
} as const satisfies Record<string, Usage>;

export type CommandName = keyof typeof COMMANDS;

interface Usage {
  /** One sentence, without its full stop. */
  does: string;
  options: readonly OptionName[];
  /** What it takes beside options; nothing by default. */
  operands?: string;
}

/** What a command was called with: options on its command line, else `make`'s variables. */
export interface Called {
  stack?: string;
  json?: boolean;
  image?: string;
  gone?: boolean;
  charts?: string;
  cold?: boolean;
  all?: boolean;
  operands: string[];
}

/**
 * Runs a command with what it was called with. Prints its failure, or its help, and sets the exit code.
 *
 * @param work answers the exit code, where it is not 0
 * @param options.failed the exit code of a failure
 */
export async function runCommand(
  name: CommandName,
  work: (called: Called) => Promise<number | void>,
  { failed = 1, args = process.argv.slice(2) } = {},
): Promise<void> {
  try {
    const called = readCommandLine(name, args);
    if (called === "help") process.stdout.write(help(name));
    else {
      refuseUnsupported();
      process.exitCode = (await work(called)) ?? process.exitCode;
    }
  } catch (error) {
    process.stderr.write(coloured(explain(error), process.stderr));
    process.exitCode = process.exitCode || failed;
  }
}

/** @throws Failure on a workstation where no command works */
export function refuseUnsupported(platform?: string): void {
  const unsupported = unsupportedWorkstation(platform);
  if (unsupported) throw new Failure(unsupported.problem, unsupported.action);
}

/** @throws Failure where it has something that the command doesn't take */
export function readCommandLine(
  name: CommandName,
  args: string[],
  environment: NodeJS.ProcessEnv = process.env,
): Called | "help" {
  const usage: Usage = COMMANDS[name];
  const types = Object.fromEntries(usage.options.map((option) => [option, { type: OPTIONS[option].type }]));
  const { values, positionals } = parsed(name, args, { ...types, help: { type: "boolean", short: "h" } });
  if (values.help) return "help";
  const called: Called = { operands: positionals };
  for (const option of usage.options) {
    const value = values[option] ?? fromVariable(OPTIONS[option], environment);
    if (value !== undefined) Object.assign(called, { [option]: value });
  }
  return called;
}

function fromVariable({ type, variable = "" }: Option, environment: NodeJS.ProcessEnv): string | boolean | undefined {
  const value = environment[variable];
  if (!value) return undefined;
  return type === "string" ? value : value !== "0";
}

function parsed(
  name: CommandName,
  args: string[],
  options: ParseArgsConfig["options"],
): { values: Record<string, unknown>; positionals: string[] } {
  const { operands }: Usage = COMMANDS[name];
  try {
    return parseArgs({ args, options, allowPositionals: operands !== undefined, strict: true });
  } catch (error) {
    const [why = ""] = (error as Error).message.split(". ");
    throw new Failure(`${name}: ${why.replace(/^U/, "u")}`, help(name).trimEnd());
  }
}

/** What `--help` prints. */
export function help(name: CommandName): string {
  const { does, options, operands = "" }: Usage = COMMANDS[name];
  const rows = options.map((option) => {
    const { variable, value, does }: Option = OPTIONS[option];
    return {
      flag: `--${option}${value ? ` ${value}` : ""}`,
      variable: variable ? `${variable}=${value ?? "1"}` : "",
      does,
    };
  });
  const variables = rows.map(({ variable }) => variable && ` [${variable}]`).join("");
  const flags = rows.map(({ flag }) => ` [${flag}]`).join("") + (operands && ` ${operands}`);
  const usage = ONLY_FOR_WORKFLOWS.includes(name)
    ? [`npx tsx cli/${name}.ts${flags}`]
    : [`make ${name}${variables}`, `npm run ${name} --${flags}`];
  const table = rows.map(({ flag, variable, does }) => `${flag.padEnd(16)} ${variable.padEnd(18)} ${does}`);
  const sentence = `${does[0]?.toUpperCase()}${does.slice(1)}.`;
  return [sentence, "", "Usage:", ...[...usage, ...table].map(indented), ""].join("\n");
}

/** Commands that are no target of make. */
const ONLY_FOR_WORKFLOWS: readonly CommandName[] = ["from-empty"];

/** The text of a failure, ending with a line break. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return `\n✗ ${error.message}\n${error.action ? `\n${indented(error.action)}\n` : ""}`;
  return `\n✗ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

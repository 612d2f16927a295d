import { commandLineError, daemonError } from "./failure";

/** An option of a command. Those without `value` are switches. */
export interface OptionSpec {
  /** Without hyphens, the long name first, as in ["name", "n"]. */
  readonly names: readonly [string, ...string[]];
  readonly value?: boolean;
}

export interface Parsed {
  readonly positionals: readonly string[];
  /** By long name; a switch has one empty text for each time that it is given. */
  readonly options: ReadonlyMap<string, readonly string[]>;
}

/** Taken by every command. */
const GLOBAL: readonly OptionSpec[] = [{ names: ["help", "h"] }, { names: ["verbose", "v"] }];

/**
 * Takes a command line apart as the client does (Qt's QCommandLineParser): options and arguments in any order, `--` ends the
 * options, values by `=` or as the next word, short options together or with their value at once.
 *
 * @throws CommandFailure in Qt's words
 */
export function parseArguments(words: readonly string[], specs: readonly OptionSpec[]): Parsed {
  const known = [...GLOBAL, ...specs];
  const positionals: string[] = [];
  const options = new Map<string, string[]>();
  const rest = [...words];
  const take = (name: string, inline: string | undefined): void => {
    const spec = known.find(({ names }) => names.includes(name));
    if (!spec) throw commandLineError(`Unknown option '${name}'.`);
    if (!spec.value && inline !== undefined) throw commandLineError(`Unexpected value after '${dashed(name)}'.`);
    const value = spec.value ? (inline ?? rest.shift()) : "";
    if (value === undefined) throw commandLineError(`Missing value after '${dashed(name)}'.`);
    options.set(spec.names[0], [...(options.get(spec.names[0]) ?? []), value]);
  };
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") return { positionals: [...positionals, ...rest], options };
    if (word.startsWith("--")) {
      const [name = "", ...value] = word.slice(2).split("=");
      take(name, value.length > 0 ? value.join("=") : undefined);
    } else if (word.startsWith("-") && word.length > 1) takeShort(word.slice(1), known, take);
    else positionals.push(word);
  }
  return { positionals, options };
}

/** `-n name`, `-nname`, `-n=name` and `-vp`: what follows an option that has a value is the value. */
function takeShort(
  letters: string,
  known: readonly OptionSpec[],
  take: (name: string, inline: string | undefined) => void,
): void {
  for (let at = 0; at < letters.length; at++) {
    const letter = letters.charAt(at);
    const rest = letters.slice(at + 1);
    if (known.some(({ names, value }) => value && names.includes(letter)) && rest) {
      return take(letter, rest.replace(/^=/, ""));
    }
    take(letter, undefined);
  }
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** The value that counts where an option is given several times: the last. */
export function valueOf(parsed: Parsed, name: string): string | undefined {
  return parsed.options.get(name)?.at(-1);
}

/** Seconds of `--timeout`; undefined where it is not given. */
export function timeoutOf(parsed: Parsed): number | undefined {
  const text = valueOf(parsed, "timeout");
  if (text === undefined) return undefined;
  if (!/^\+?\d+$/.test(text) || Number(text) < 1) {
    throw commandLineError("error: --timeout value has to be a positive integer");
  }
  return Number(text);
}

/** Further networks are described as in the client; the fake has none that could be named. */
export function checkNetworks(parsed: Parsed): void {
  const networks = parsed.options.get("network") ?? [];
  for (const network of networks) {
    for (const field of network.split(",").filter(Boolean)) checkNetworkField(field, network);
    if (!/(^|,)name=./.test(network) && !/^[^=,]+$/.test(network)) {
      throw commandLineError("error: Bad network definition, need at least a 'name' field");
    }
  }
  if (networks.length === 0 && !parsed.options.has("bridged")) return;
  const details =
    "Invalid network options. To troubleshoot, see https://documentation.ubuntu.com/multipass/stable/how-to-guides/troubleshoot/";
  throw daemonError("launch", "Invalid arguments supplied", details);
}

function checkNetworkField(field: string, network: string): void {
  const [key = "", value, ...more] = field.split("=").filter(Boolean);
  if (more.length > 0 || (value === undefined && network !== field)) {
    throw commandLineError(`error: Bad network field definition: ${field}`);
  }
  if (value === undefined) return;
  if (!["name", "mode", "mac"].includes(key.toLowerCase()))
    throw commandLineError(`error: Bad network field: ${key.toLowerCase()}`);
  if (key.toLowerCase() === "mode" && !["auto", "manual"].includes(value.toLowerCase())) {
    throw commandLineError(`error: Bad network mode '${value.toLowerCase()}', need 'auto' or 'manual'`);
  }
  if (key.toLowerCase() === "mac" && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value)) {
    throw commandLineError(`error: Invalid MAC address: ${value}`);
  }
}

import type { Parsed } from "./arguments";
import { CommandFailure, commandLineError, daemonError } from "./failure";
import { allInstances, type Instance, saveInstance } from "./instance";
import { isOn } from "./machine";

const MINIMUM_MEMORY = 128 * 1024 ** 2;

type Property = "cpus" | "memory" | "disk";

/** `multipass set local.NAME.cpus|memory|disk=VALUE`: of a stopped instance; a disk can only grow. */
export function set(parsed: Parsed): string {
  const [pair, ...more] = parsed.positionals;
  if (pair === undefined || more.length > 0) {
    throw commandLineError("Need exactly one key-value pair (in <key>=<value> form).");
  }
  const [key = "", value, ...rest] = pair.split("=");
  if (rest.length > 0 || key === "") throw commandLineError("Bad key-value format.");
  // The client would ask for it at its terminal.
  if (value === undefined) throw commandLineError("Unable to get input");
  const { name, property } = parseKey("set", key);
  const instance = find("set", "Cannot update instance settings", name);
  if (instance.deleted) throw refused("set", "Cannot update instance settings", name, "Instance is deleted");
  if (isOn(instance)) {
    throw refused("set", "Cannot update instance settings", name, "Instance must be stopped for modification");
  }
  saveInstance({ ...instance, [property]: checked(instance, property, key, value) });
  return "";
}

/** `multipass get local.NAME.cpus|memory|disk`. */
export function get(parsed: Parsed): string {
  const [key, ...more] = parsed.positionals;
  if (more.length > 0) throw commandLineError("Need at most one setting key.");
  if (key === undefined) {
    throw commandLineError(
      "Multiple settings not implemented yet. Please try again with one setting key or just the `--keys` option for now.",
    );
  }
  if (key === "local.driver") return "qemu\n";
  const { name, property } = parseKey("get", key);
  const instance = find("get", "Cannot obtain instance settings", name);
  return `${property === "cpus" ? instance.cpus : readableSize(instance[property])}\n`;
}

function checked(instance: Instance, property: Property, key: string, value: string): number {
  const invalid = (why: string): CommandFailure => daemonError("set", `Invalid setting '${key}=${value}': ${why}`);
  if (property === "cpus") {
    if (!/^\+?\d+$/.test(value) || Number(value) < 1) {
      throw invalid("Need a positive integer (in decimal format) of minimum 1");
    }
    return Number(value);
  }
  const size = parseSize(value);
  if (size === undefined) throw invalid(notASize(value));
  if (size === 0) throw invalid("Need a positive size.");
  if (property === "memory" && size < MINIMUM_MEMORY) throw invalid("Memory less than 128M minimum not allowed");
  if (property === "disk" && size < instance.disk) throw invalid("Disk can only be expanded");
  return size;
}

function parseKey(command: string, key: string): { name: string; property: Property } {
  const unrecognised = `Unrecognized settings key: '${key}'`;
  // What is not local.… is the client's own, which says so itself.
  if (!key.startsWith("local.")) throw commandLineError(unrecognised);
  const [, name = "", property = ""] = /^local\.(.+)\.(cpus|memory|disk)$/.exec(key) ?? [];
  if (!name) throw daemonError(command, unrecognised);
  return { name, property: property as Property };
}

function find(command: string, doing: string, name: string): Instance {
  const instance = allInstances().find((one) => one.name === name);
  if (!instance) throw refused(command, doing, name, "No such instance");
  return instance;
}

function refused(command: string, doing: string, name: string, why: string): CommandFailure {
  return daemonError(command, `${doing}; instance: ${name}; reason: ${why}`);
}

const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of a size as the client reads it: "1073741824", "512M", "1.5G", "4GiB". Undefined where it is none. */
export function parseSize(text: string): number | undefined {
  const found = /^\s*(\d+)(?:\.(\d+)(?=[KMG]))?(?:([KMG])(?:i?B)?|B)?\s*$/i.exec(text);
  if (!found) return undefined;
  const [, whole = "", fraction = "", unit = ""] = found;
  const factor = UNITS[unit.toLowerCase()] ?? 1;
  return Number(whole) * factor + Math.floor((Number(fraction || "0") * factor) / 10 ** fraction.length);
}

/** The client's complaint about a text that is no size. */
export function notASize(text: string): string {
  return (
    `${text} is not a valid memory size - need a non-negative integer (in base 10) ` +
    "or a decimal followed by K, M, or G (e.g. 1234B, 42MiB, 0.5G)"
  );
}

/** As `get` prints a size: "4.0GiB". */
export function readableSize(bytes: number): string {
  for (const [unit, name] of [
    ["g", "GiB"],
    ["m", "MiB"],
    ["k", "KiB"],
  ] as const) {
    const amount = bytes / (UNITS[unit] ?? 1);
    if (amount >= 1) return `${amount.toFixed(1)}${name}`;
  }
  return `${bytes}B`;
}

import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

import { commandLineError, daemonError, errorsOccurred } from "./failure";
import { addressAt, createOnce, homePath, instancesPath, network, prefixLength, read } from "./home";
import { alive } from "./process";

/** The daemon's record of an instance. */
export interface Instance {
  readonly name: string;
  /** Its name on the workstation: for systemd-nspawn, its cable and its control group. */
  readonly id: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  /** Bytes. */
  readonly disk: number;
  /** As named in the launch. */
  readonly image: string;
  /** IPv4: its lease. */
  readonly address: string;
  /** The tree is whole. Before that, the other commands don't know the instance. */
  readonly prepared: boolean;
  readonly deleted: boolean;
}

export type NewInstance = Pick<Instance, "name" | "cpus" | "memory" | "disk" | "image">;

export function instancePath(name: string, ...inside: string[]): string {
  return path.join(instancesPath(), name, ...inside);
}

/** Takes the name and an address. False where the name is taken. */
export function reserveInstance(wanted: NewInstance): boolean {
  if (isAbandoned(wanted.name)) forgetInstance(wanted.name);
  fs.mkdirSync(instancesPath(), { recursive: true });
  try {
    fs.mkdirSync(instancePath(wanted.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
  // Until the daemon's own process takes over.
  fs.writeFileSync(instancePath(wanted.name, "launcher"), String(process.pid));
  const id = `mp${randomBytes(4).toString("hex")}`;
  const address = lease(wanted.name);
  saveInstance({ ...wanted, id, address, prepared: false, deleted: false });
  return true;
}

/** Its launch was killed before the tree was whole: the daemon would know nothing of it. */
function isAbandoned(name: string): boolean {
  const launcher = read(instancePath(name, "launcher"));
  const instance = loadInstance(name);
  return launcher !== undefined && !(instance?.prepared ?? false) && !alive(Number(launcher));
}

export function saveInstance(instance: Instance): void {
  const file = instancePath(instance.name, "instance.json");
  fs.writeFileSync(`${file}.part`, `${JSON.stringify(instance, null, 2)}\n`);
  fs.renameSync(`${file}.part`, file);
}

export function loadInstance(name: string): Instance | undefined {
  const text = read(instancePath(name, "instance.json"));
  return text === undefined ? undefined : (JSON.parse(text) as Instance);
}

/** All that the commands know, by name. */
export function allInstances(): Instance[] {
  const names = fs.existsSync(instancesPath()) ? fs.readdirSync(instancesPath()).sort() : [];
  return names.map(loadInstance).filter((instance): instance is Instance => instance?.prepared ?? false);
}

/** Removes an instance's files and gives its address back. */
export function forgetInstance(name: string): void {
  fs.rmSync(instancePath(name), { recursive: true, force: true });
  for (const address of leases()) if (read(leaseFile(address)) === name) fs.rmSync(leaseFile(address));
}

/**
 * Gives the instance another address than all that are in use, and than its own.
 *
 * @param wanted a certain one; empty for any
 */
export function moveInstance(instance: Instance, wanted: string): Instance {
  const address = wanted || lease(instance.name);
  if (wanted && !createOnce(leaseFile(wanted), instance.name) && read(leaseFile(wanted)) !== instance.name) {
    throw new Error(`fake multipass: the address ${wanted} is taken`);
  }
  if (address !== instance.address) fs.rmSync(leaseFile(instance.address), { force: true });
  const moved = { ...instance, address };
  saveInstance(moved);
  return moved;
}

/** The lowest free address; the first ten are kept free, for a test's own machines. */
function lease(name: string): string {
  const own = network();
  fs.mkdirSync(path.join(homePath(), "leases"), { recursive: true });
  const last = 2 ** (32 - prefixLength(own)) - 2;
  for (let n = 11; n <= last; n++) {
    const address = addressAt(own.subnet, n);
    if (createOnce(leaseFile(address), name)) return address;
  }
  throw new Error(`fake multipass: no address is left in ${own.subnet}`);
}

function leaseFile(address: string): string {
  return path.join(homePath(), "leases", address);
}

function leases(): string[] {
  const folder = path.join(homePath(), "leases");
  return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
}

/**
 * The instances that a command names; without names all that it can mean.
 *
 * @throws CommandFailure that lists every name that is unknown, or deleted where that matters
 */
export function named(
  command: string,
  names: readonly string[],
  { deletedToo }: { deletedToo: boolean },
  all: readonly Instance[],
): Instance[] {
  if (names.length === 0) return all.filter(({ deleted }) => deletedToo || !deleted);
  const found = names.map((name) => all.find((instance) => instance.name === name) ?? name);
  const deleted = found.filter((one): one is Instance => typeof one !== "string" && one.deleted);
  const errors = [
    ...(deletedToo ? [] : deleted.map(({ name }) => `instance "${name}" is deleted`)),
    ...found.flatMap((one) => (typeof one === "string" ? [`instance "${one}" does not exist`] : [])),
  ];
  if (errors.length > 0) throw daemonError(command, errorsOccurred([...new Set(errors)]));
  return [...new Set(found as Instance[])];
}

/** Names, or `--all`, but not both and not neither. */
export function checkNamesOrAll(names: readonly string[], all: boolean): void {
  if (names.length === 0 && !all) throw commandLineError("Name argument or --all is required");
  if (names.length > 0 && all) {
    throw commandLineError(`Cannot specify name${names.length > 1 ? "s" : ""} when --all option set`);
  }
}

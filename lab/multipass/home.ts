import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import ipaddr from "ipaddr.js";

/** Where one fake keeps everything that Multipass's daemon keeps. */
export function homePath(): string {
  const home = process.env.FAKE_MULTIPASS_HOME;
  if (!home || !path.isAbsolute(home)) {
    throw new Error("fake multipass: set FAKE_MULTIPASS_HOME to the absolute path of an empty folder");
  }
  return home;
}

export function instancesPath(): string {
  return path.join(homePath(), "instances");
}

/** The network of all instances of a home. */
export interface Network {
  readonly bridge: string;
  /** IPv4, as in "10.92.7.0/24". */
  readonly subnet: string;
}

/** Chosen at the first use, and kept: what the environment says, else a name made from the home's path and a free subnet. */
export function network(): Network {
  const file = path.join(homePath(), "network.json");
  const known = read(file);
  if (known !== undefined) return JSON.parse(known) as Network;
  const chosen: Network = {
    bridge: process.env.FAKE_MULTIPASS_BRIDGE || `mp-${digest(homePath()).slice(0, 8)}`,
    subnet: process.env.FAKE_MULTIPASS_SUBNET || freeSubnet(),
  };
  if (chosen.bridge.length > 15) throw new Error(`fake multipass: ${chosen.bridge} is too long for an interface`);
  if (!ipaddr.IPv4.isValidCIDR(chosen.subnet)) throw new Error(`fake multipass: ${chosen.subnet} is no subnet`);
  fs.mkdirSync(homePath(), { recursive: true });
  // Several launches may be the first: the choice of the first one counts for all.
  createOnce(file, JSON.stringify(chosen));
  return JSON.parse(fs.readFileSync(file, "utf8")) as Network;
}

/** The first address of the subnet: the workstation's on the bridge, and the instances' gateway. */
export function gateway({ subnet }: Network): string {
  return addressAt(subnet, 1);
}

export function prefixLength({ subnet }: Network): number {
  return Number(subnet.split("/")[1]);
}

/** The n-th address of a subnet. */
export function addressAt(subnet: string, n: number): string {
  const bytes = ipaddr.IPv4.networkAddressFromCIDR(subnet).toByteArray();
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0) + n;
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}

/** The mark by which a home knows its own bridge. */
export function bridgeMark(): string {
  return `fake multipass ${digest(homePath()).slice(0, 16)}`;
}

/** Interfaces of the workstation, without the home's own bridge, that have an address in the subnet. */
export function overlaps({ bridge, subnet }: Network): string[] {
  const range = ipaddr.IPv4.parseCIDR(subnet);
  return Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
    name !== bridge && (addresses ?? []).some(({ family, address }) => family === "IPv4" && inRange(address, range))
      ? [name]
      : [],
  );
}

function inRange(address: string, range: [ipaddr.IPv4, number]): boolean {
  return ipaddr.IPv4.parse(address).match(range);
}

function freeSubnet(): string {
  const first = parseInt(digest(homePath()).slice(0, 2), 16);
  for (let n = 0; n < 256; n++) {
    const subnet = `10.92.${(first + n) % 256}.0/24`;
    if (overlaps({ bridge: "", subnet }).length === 0) return subnet;
  }
  throw new Error("fake multipass: no subnet is free");
}

/**
 * A setting that a test made for this home: the file's content, without white space around it. README.md lists them all.
 */
export function knob(name: string): string | undefined {
  return read(path.join(homePath(), "knobs", name))?.trim();
}

export function knobSeconds(name: string): number | undefined {
  const text = knob(name);
  return text === undefined ? undefined : Number(text);
}

/** A setting that counts once. */
export function takeKnob(name: string): string | undefined {
  const value = knob(name);
  fs.rmSync(path.join(homePath(), "knobs", name), { force: true });
  return value;
}

/** Writes a file unless it is there; a reader never sees half of it. False where it was there. */
export function createOnce(file: string, content: string): boolean {
  const part = `${file}.${process.pid}.part`;
  fs.writeFileSync(part, content);
  try {
    fs.linkSync(part, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    fs.rmSync(part);
  }
}

/** The content of a file; undefined where there is none, as for a process in /proc that ended. */
export function read(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

import { createHash } from "node:crypto";
import * as fs from "node:fs";

import { run } from "../run-program";
import { type OptionSpec, type Parsed, valueOf } from "./arguments";
import { commandLineError } from "./failure";
import { imageRelease } from "./image";
import { allInstances, type Instance, instancePath, named } from "./instance";
import { initPid, stateOf } from "./machine";

/** The version that the fake follows: the newest release of 1.16. */
export const VERSION = "1.16.3";

export const formatOption: OptionSpec = { names: ["format"], value: true };

/** What an instance is, as `info --format json` has it. Keys in the order of the alphabet, as Qt writes them. */
interface Info {
  cpu_count: string;
  disks: { sda1: { total?: string; used?: string } };
  image_hash: string;
  image_release: string;
  ipv4: string[];
  load: number[];
  memory: { total?: number; used?: number };
  mounts: Record<string, never>;
  release: string;
  snapshot_count: string;
  state: string;
}

export async function info(parsed: Parsed): Promise<string> {
  checkFormat(parsed);
  const instances = named("info", parsed.positionals, { deletedToo: true }, allInstances());
  const infos = await Promise.all(instances.map(async (instance) => [instance.name, await infoOf(instance)] as const));
  return format(parsed, { errors: [], info: Object.fromEntries(infos) }, () =>
    infos.map(([name, about]) => infoTable(name, about)).join("\n"),
  );
}

export async function list(parsed: Parsed): Promise<string> {
  if (parsed.positionals.length > 0) throw commandLineError("This command takes no arguments");
  checkFormat(parsed);
  const rows = await Promise.all(
    allInstances().map(async (instance) => {
      const state = await stateOf(instance);
      const ipv4 = state === "Running" ? await addressesOf(instance) : [];
      return { ipv4, name: instance.name, release: `${imageRelease.os} ${imageRelease.title}`, state };
    }),
  );
  return format(parsed, { list: rows }, () => {
    if (rows.length === 0) return "No instances found.\n";
    const line = (cells: string[]): string =>
      `${cells.map((cell, at) => cell.padEnd([24, 18, 17, 0][at] ?? 0)).join("")}\n`;
    const first = ({ name, state, ipv4, release }: (typeof rows)[0]): string =>
      line([name, state, ipv4[0] ?? "--", release]);
    const more = ({ ipv4 }: (typeof rows)[0]): string =>
      ipv4
        .slice(1)
        .map((address) => line(["", "", address, ""]))
        .join("");
    return line(["Name", "State", "IPv4", "Image"]) + rows.map((row) => first(row) + more(row)).join("");
  });
}

/** @param daemon false where the daemon does not answer: the client still says its own version */
export function version(parsed: Parsed, daemon: boolean): string {
  if (parsed.positionals.length > 0) throw commandLineError("This command takes no arguments");
  checkFormat(parsed);
  const versions = { multipass: VERSION, ...(daemon ? { multipassd: VERSION } : {}) };
  const lines = Object.entries(versions).map(([name, number]) => `${name.padEnd(12)}${number}\n`);
  return format(parsed, versions, () => lines.join(""));
}

async function infoOf(instance: Instance): Promise<Info> {
  const state = await stateOf(instance);
  const on = state === "Running";
  return {
    cpu_count: on ? String(instance.cpus) : "",
    disks: { sda1: on ? { total: String(instance.disk), used: String(diskUsed(instance)) } : {} },
    image_hash: createHash("sha256").update(`${imageRelease.os} ${imageRelease.title}`).digest("hex"),
    image_release: imageRelease.title,
    ipv4: on ? await addressesOf(instance) : [],
    load: on ? fs.readFileSync("/proc/loadavg", "utf8").split(" ").slice(0, 3).map(Number) : [],
    memory: on ? { total: instance.memory, used: Math.floor(instance.memory / 8) } : {},
    mounts: {},
    release: on ? prettyName(instance) : "",
    snapshot_count: "0",
    state,
  };
}

/** Its lease first, then whatever other IPv4 addresses the machine has: those of Kubernetes' networks, too. */
async function addressesOf(instance: Instance): Promise<string[]> {
  const pid = initPid(instance);
  if (pid === undefined) return [instance.address];
  const show = ["ip", "-brief", "-family", "inet", "address", "show", "scope", "global"];
  const { stdout } = await run("nsenter", ["--target", String(pid), "--net", "--", ...show]);
  const all = stdout.split("\n").flatMap((line) => /([\d.]+)\/\d+\s*(metric \d+)?\s*$/.exec(line)?.[1] ?? []);
  return [instance.address, ...all.filter((address) => address !== instance.address)];
}

/** All instances share the workstation's disk: a share of the configured one that looks like a young machine's. */
function diskUsed(instance: Instance): number {
  return Math.floor(instance.disk / 10);
}

function prettyName(instance: Instance): string {
  const text = fs.readFileSync(instancePath(instance.name, "tree/usr/lib/os-release"), "utf8");
  return /^PRETTY_NAME="?(.*?)"?$/m.exec(text)?.[1] ?? "";
}

function checkFormat(parsed: Parsed): void {
  const wanted = valueOf(parsed, "format") ?? "table";
  if (!["table", "json", "csv", "yaml"].includes(wanted)) throw commandLineError("Invalid format type given.");
  if (wanted === "csv" || wanted === "yaml") {
    throw new Error(`fake multipass: the format ${wanted} is not built; the real client has it`);
  }
}

function format(parsed: Parsed, json: unknown, table: () => string): string {
  return valueOf(parsed, "format") === "json" ? `${JSON.stringify(json, null, 4)}\n` : table();
}

function infoTable(name: string, about: Info): string {
  const rows: [string, string][] = [
    ["Name", name],
    ["State", about.state],
    ["Snapshots", about.snapshot_count],
    ["IPv4", about.ipv4[0] ?? "--"],
    ...about.ipv4.slice(1).map((address): [string, string] => ["", address]),
    ["Release", about.release || "--"],
    ["CPU(s)", about.cpu_count || "--"],
  ];
  return rows.map(([title, value]) => `${(title ? `${title}:` : "").padEnd(16)}${value}\n`).join("");
}

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { LabStack } from "../stacks/lab-stack";
import { processes } from "./processes";

const STATE_DIR = "/var/lib/homelab/nspawn";

/**
 * What is left on this workstation of a stack's nspawn machines: their bridge, folders, mounts and processes. What is looked for is
 * found while the machines are there.
 */
export async function leftoversOf(stack: LabStack): Promise<string[]> {
  const { bridge } = stack;
  const folder = path.join(stack.settings["homelab:machines"].stateDir ?? STATE_DIR, "machines", bridge);
  const mounts = (await readFile("/proc/mounts", "utf8")).split("\n").filter((line) => line.includes(`${folder}/`));
  return [
    ...(existsSync(`/sys/class/net/${bridge}`) ? [`bridge ${bridge}`] : []),
    ...(await readdir(folder).catch(() => [])).map((name) => `folder ${folder}/${name}`),
    ...mounts.map((line) => `mount ${line.split(" ")[1]}`),
    ...(await processesOf(folder)),
  ];
}

/** The resources below a component that don't go with a machine: a destroy would want to reach what was on it. */
export async function notDeletedWith(stack: LabStack, machine: string, component: string): Promise<string[]> {
  const inside = (await stack.resources()).filter(({ urn }) => urn.includes(`$${component}$`));
  expect(inside.length).toBeGreaterThan(5);
  return inside.filter(({ deletedWith }) => !deletedWith?.endsWith(`::${machine}`)).map(({ urn }) => urn);
}

/** Those that were started with a path in the folder, as systemd-nspawn and its supervisor are. */
async function processesOf(folder: string): Promise<string[]> {
  const inside = (await processes()).filter(({ commandLine }) => commandLine.includes(`${folder}/`));
  return inside.map(({ pid }) => `process ${pid}`);
}

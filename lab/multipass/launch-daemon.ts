import * as fs from "node:fs";

import { errorsOccurred } from "./failure";
import { knobSeconds, read } from "./home";
import { ensureImage } from "./image";
import { forgetInstance, type Instance, instancePath, loadInstance, saveInstance } from "./instance";
import type { LaunchResult } from "./launch";
import { startMachine, waitUntilRunning } from "./machine";
import { pause, within } from "./process";
import { ownKey } from "./ssh";
import { isInitialised, writeTree } from "./tree";
import { parseCloudConfig, vendorData, withOwnUser } from "./user-data";

/** The daemon's own, for each of the two things that it waits for. In seconds. */
const DEFAULT_TIMEOUT = 300;

/** The daemon's part of a launch. What it answers goes to launch.json, whether or not a client still waits. */
async function main(name: string, timeout: number): Promise<void> {
  const reserved = loadInstance(name);
  if (!reserved) throw new Error(`fake multipass: no launch of an instance ${name} was asked for`);
  let error: string;
  try {
    const instance = await prepare(reserved);
    error = await start(instance, timeout);
  } catch (cause) {
    // As the daemon: what could not be made is forgotten. Its client reads the answer first.
    answer(name, { error: (cause as Error).message });
    await pause(2);
    if (!(loadInstance(name)?.prepared ?? false)) forgetInstance(name);
    throw cause;
  }
  answer(name, { error });
}

async function prepare(reserved: Instance): Promise<Instance> {
  const image = await ensureImage();
  const key = await ownKey();
  const userData = parseCloudConfig(read(instancePath(reserved.name, "cloud-init.yaml")) ?? "");
  await writeTree(reserved, image, { userData: withOwnUser(userData, key), vendorData: vendorData(key) });
  const instance = { ...reserved, prepared: true };
  saveInstance(instance);
  return instance;
}

/** Answers the daemon's complaint; empty where there is none. The machine lives on either way. */
async function start(instance: Instance, timeout: number): Promise<string> {
  await pause(knobSeconds("launch-delay") ?? 0);
  await startMachine(instance);
  const running = await waitUntilRunning(instance, timeout);
  if (!running) return errorsOccurred([`${instance.name}: timed out waiting for response`]);
  const initialised = await within(timeout, () => isInitialised(instance.name));
  return initialised ? "" : errorsOccurred(["timed out waiting for initialization to complete"]);
}

function answer(name: string, result: LaunchResult): void {
  const file = instancePath(name, "launch.json");
  fs.writeFileSync(`${file}.part`, JSON.stringify(result));
  fs.renameSync(`${file}.part`, file);
}

const [name = "", timeout = ""] = process.argv.slice(2);
main(name, Number(timeout) || (knobSeconds("default-timeout") ?? DEFAULT_TIMEOUT)).catch((error: unknown) => {
  process.stderr.write(`${name}: ${error instanceof Error ? (error.stack ?? "") : String(error)}\n`);
  process.exitCode = 1;
});

import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";

import { checkNetworks, type OptionSpec, type Parsed, timeoutOf, valueOf } from "./arguments";
import { CommandFailure, commandLineError, daemonError, exitCodes } from "./failure";
import { homePath, knob, read } from "./home";
import { imageNames } from "./image";
import { reserveInstance, instancePath, loadInstance, type NewInstance } from "./instance";
import { within } from "./process";
import { notASize, parseSize } from "./settings";
import { parseCloudConfig } from "./user-data";

export const launchOptions: readonly OptionSpec[] = [
  { names: ["cpus", "c"], value: true },
  { names: ["disk", "d"], value: true },
  { names: ["memory", "m"], value: true },
  { names: ["name", "n"], value: true },
  { names: ["cloud-init"], value: true },
  { names: ["network"], value: true },
  { names: ["bridged"] },
  { names: ["mount"], value: true },
  { names: ["timeout"], value: true },
];

/** Of the released client (include/multipass/constants.h). */
const DEFAULTS = { cpus: "1", memory: "1G", disk: "5G" };
const MINIMUM = { memory: 128 * 1024 ** 2, disk: 512 * 1024 ** 2 };

/** How a launch ended: what the daemon's process leaves for the client. */
export interface LaunchResult {
  /** Empty where all went well. */
  readonly error: string;
}

/** `multipass launch`: the daemon's part goes on in a separate process, also when this one ends. */
export async function launch(parsed: Parsed): Promise<string> {
  const image = imageOf(parsed);
  checkSizes(parsed);
  const cloudInit = await cloudInitOf(parsed);
  checkNetworks(parsed);
  const timeout = timeoutOf(parsed);
  const wanted = checked(parsed, image);
  const injected = knob("launch-error");
  if (injected !== undefined) throw daemonError("launch", injected);
  if (!reserveInstance(wanted)) throw taken(wanted.name);
  startDaemon(wanted.name, cloudInit, timeout);
  const result = instancePath(wanted.name, "launch.json");
  if (!(await within(timeout ?? Infinity, () => fs.existsSync(result) || !fs.existsSync(path.dirname(result))))) {
    throw new CommandFailure("Timed out waiting for instance launch.", exitCodes.timeout);
  }
  const { error } = JSON.parse(read(result) ?? '{"error":"the instance was deleted meanwhile"}') as LaunchResult;
  if (error) throw daemonError("launch", error);
  return `Launched: ${wanted.name}\n`;
}

function startDaemon(name: string, cloudInit: string, timeout: number | undefined): void {
  fs.writeFileSync(instancePath(name, "cloud-init.yaml"), cloudInit, { mode: 0o600 });
  const log = fs.openSync(path.join(homePath(), "daemon.log"), "a");
  const args = ["--require", require.resolve("tsx/cjs"), path.join(__dirname, "launch-daemon.ts"), name];
  const child = spawn(process.execPath, [...args, String(timeout ?? "")], {
    detached: true,
    stdio: ["ignore", log, log],
  });
  // The process that the instance's launch depends on.
  fs.writeFileSync(instancePath(name, "launcher"), String(child.pid));
  child.unref();
  fs.closeSync(log);
}

function imageOf(parsed: Parsed): string {
  const [image = "default", ...more] = parsed.positionals;
  if (more.length > 0) throw commandLineError("Too many arguments supplied");
  if (image.split(":").length > 2 && !/^(file|https?):\/\//.test(image)) {
    throw commandLineError("Invalid remote and source image name supplied");
  }
  return image;
}

function checkSizes(parsed: Parsed): void {
  const cpus = valueOf(parsed, "cpus");
  if (cpus !== undefined && !(/^\+?\d+$/.test(cpus) && Number(cpus) >= 1)) {
    throw commandLineError(`Error: invalid CPU count '${cpus}', need a positive integer value.`);
  }
  for (const name of ["memory", "disk"]) {
    const size = valueOf(parsed, name);
    // The client has no answer to it but its last resort.
    if (size !== undefined && parseSize(size) === undefined) {
      throw commandLineError(`[error] [client] Caught an unhandled exception: ${notASize(size)}`);
    }
  }
}

async function cloudInitOf(parsed: Parsed): Promise<string> {
  const file = valueOf(parsed, "cloud-init");
  if (file === undefined) return "";
  const failure = (why: string): CommandFailure => commandLineError(`Could not load cloud-init configuration: ${why}`);
  const content =
    file === "-"
      ? await text(process.stdin)
      : fs.statSync(file, { throwIfNoEntry: false })?.isFile()
        ? read(file)
        : undefined;
  if (content === undefined) throw failure(`bad file: ${file}\nPlease ensure that Multipass can read it.`);
  try {
    parseCloudConfig(content);
  } catch (error) {
    throw failure((error as Error).message);
  }
  return content;
}

/** What the daemon refuses; of several complaints the client prints the last. */
function checked(parsed: Parsed, image: string): NewInstance {
  const texts = {
    ...DEFAULTS,
    ...Object.fromEntries([...parsed.options].map(([key, values]) => [key, values.at(-1) ?? ""])),
  };
  const name = valueOf(parsed, "name") ?? `relaxed-${process.pid}`;
  const [memory = 0, disk = 0] = [parseSize(texts.memory), parseSize(texts.disk)];
  let complaint = "";
  if (memory < MINIMUM.memory) complaint = `Invalid memory size value supplied: ${texts.memory}.`;
  if (disk < MINIMUM.disk) complaint = `Invalid disk size value supplied: ${texts.disk}.`;
  if (!/^[a-zA-Z]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(name)) complaint = `Invalid instance name supplied: ${name}`;
  if (complaint) throw daemonError("launch", "Invalid arguments supplied", complaint);
  const [remote, alias] = image.includes(":") ? image.split(":") : ["", image];
  const known =
    (imageNames as readonly string[]).includes(alias ?? "") && ["", "release", "daily"].includes(remote ?? "");
  if (!known && loadInstance(name) === undefined) {
    throw daemonError("launch", `Unable to find an image matching "${alias ?? ""}" in remote "${remote ?? ""}".`);
  }
  return { name, cpus: Number(texts.cpus), memory, disk, image };
}

function taken(name: string): CommandFailure {
  const known = loadInstance(name)?.prepared ?? false;
  return daemonError("launch", `instance "${name}" ${known ? "already exists" : "is being prepared"}`);
}

import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import type { DriverKind } from "./drivers";

/** What a driver looks like from the engine's side. Made by `bridge.ts`. */
export interface Bridge {
  check(olds: unknown, news: unknown): pulumi.dynamic.CheckResult;
  diff(id: string, olds: unknown, news: unknown): pulumi.dynamic.DiffResult;
  create(inputs: unknown): Promise<pulumi.dynamic.CreateResult>;
  read(id: string, props: unknown): Promise<pulumi.dynamic.ReadResult>;
  update(id: string, olds: unknown, news: unknown): Promise<pulumi.dynamic.UpdateResult>;
  delete(id: string, props: unknown): Promise<void>;
}

const text = readFileSync(path.join(__dirname, "driver-provider.txt"), "utf8");

/**
 * The provider of a kind, as the state keeps it: a module that Pulumi runs in a plain process of Node, in the project's folder. It holds
 * nothing but the driver's kind, and loads the driver from disk when it is called. So the state stays small (a class would take twice the
 * 1.5 KB), `refresh` and `destroy` run the code of today's checkout rather than of the day of creation, and drivers may use any library.
 *
 * The text must stay as it is, byte for byte: any other previews every resource that has a driver as changed. It has the form that
 * Pulumi's SDK gives to functions. The SDK itself would need a quarter of a second in each run, to attach a debugger to the program.
 */
export function driverProvider(kind: DriverKind): string {
  return text.replace('"KIND"', JSON.stringify(kind));
}

/** Long enough for a request to leave, in milliseconds: the program is busy from then on until it has made every resource. */
const REQUEST_MS = 5;

/**
 * Has the engine start the process in which the drivers run: otherwise it starts when the first resource is registered, and everything
 * waits for it. In a preview `start-drivers.cjs` has done it already, and says how.
 */
export async function startDrivers(): Promise<void> {
  if (pulumi.runtime.isDryRun()) return;
  pulumi.runtime.invoke("pulumi-nodejs:index:start", {}).catch(() => undefined);
  await sleep(REQUEST_MS);
}

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

const providers = new Map<DriverKind, pulumi.dynamic.ResourceProvider>();

/** The provider of a kind. Every resource of a kind shares one, so that it is serialised once. */
export function driverProvider(kind: DriverKind): pulumi.dynamic.ResourceProvider {
  let provider = providers.get(kind);
  if (!provider) {
    provider = providerOf(kind);
    providers.set(kind, provider);
  }
  return provider;
}

/**
 * The only functions of this program that Pulumi serialises into its state. They hold nothing but the driver's kind; each
 * loads the driver from disk when it is called. So the state stays small (a class would take twice the 1.5 KB), `refresh`
 * and `destroy` run the code of today's checkout rather than of the day of creation, and drivers may use any library.
 *
 * Serialisation forbids in here: imports used as values, `#private`, captured constants.
 */
function providerOf(kind: DriverKind): pulumi.dynamic.ResourceProvider {
  const bridge = (): Bridge => {
    // The engine runs this in a plain node process whose working directory is the project's folder.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    require("tsx/cjs");
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { bridgeTo } = require(process.cwd() + "/providers/bridge") as { bridgeTo: (kind: string) => Bridge };
    return bridgeTo(kind);
  };
  return {
    check: async (olds, news) => bridge().check(olds, news),
    diff: async (id, olds, news) => bridge().diff(id, olds, news),
    create: async (inputs) => bridge().create(inputs),
    read: async (id, props) => bridge().read(id, props),
    update: async (id, olds, news) => bridge().update(id, olds, news),
    delete: async (id, props) => bridge().delete(id, props),
  };
}

/** Long enough for a request to leave, in milliseconds: the program is busy from then on until it has made every resource. */
const REQUEST_MS = 5;

/**
 * Has the engine start the process in which the drivers run, which takes half a second: otherwise it starts when the first resource is
 * registered, and everything waits for it. There is no such function to call, and the answer, which says so, is not waited for.
 */
export async function startDrivers(): Promise<void> {
  pulumi.runtime.invoke("pulumi-nodejs:index:start", {}).catch(() => undefined);
  await sleep(REQUEST_MS);
}

import * as pulumi from "@pulumi/pulumi";
import type { DriverKind } from "./drivers";

/**
 * The one class of this program that Pulumi serialises into its state. It holds nothing but the driver's kind; every
 * method loads the driver from disk when it is called. So the state stays small (`__provider` under 4 KB), `refresh`
 * and `destroy` run the code of today's checkout rather than of the day of creation, and drivers may use any library.
 *
 * Serialisation forbids in this class: imports used as values, `#private`, captured constants.
 */
export class DriverProvider implements pulumi.dynamic.ResourceProvider {
  constructor(private readonly kind: DriverKind) {}

  private bridge(): Bridge {
    // The engine runs this in a plain node process whose working directory is the project's folder.
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    require("tsx/cjs");
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    const { bridgeTo } = require(process.cwd() + "/providers/bridge") as { bridgeTo: (kind: string) => Bridge };
    return bridgeTo(this.kind);
  }

  async check(_olds: unknown, news: unknown): Promise<pulumi.dynamic.CheckResult> {
    return this.bridge().check(news);
  }

  async diff(id: string, olds: unknown, news: unknown): Promise<pulumi.dynamic.DiffResult> {
    return this.bridge().diff(id, olds, news);
  }

  async create(inputs: unknown): Promise<pulumi.dynamic.CreateResult> {
    return this.bridge().create(inputs);
  }

  async read(id: string, props: unknown): Promise<pulumi.dynamic.ReadResult> {
    return this.bridge().read(id, props);
  }

  async update(id: string, olds: unknown, news: unknown): Promise<pulumi.dynamic.UpdateResult> {
    return this.bridge().update(id, olds, news);
  }

  async delete(id: string, props: unknown): Promise<void> {
    return this.bridge().delete(id, props);
  }
}

/** What a driver looks like from the engine's side. Made by `bridge.ts`. */
export interface Bridge {
  check(news: unknown): pulumi.dynamic.CheckResult;
  diff(id: string, olds: unknown, news: unknown): pulumi.dynamic.DiffResult;
  create(inputs: unknown): Promise<pulumi.dynamic.CreateResult>;
  read(id: string, props: unknown): Promise<pulumi.dynamic.ReadResult>;
  update(id: string, olds: unknown, news: unknown): Promise<pulumi.dynamic.UpdateResult>;
  delete(id: string, props: unknown): Promise<void>;
}

const providers = new Map<DriverKind, DriverProvider>();

/** The provider of a kind. Every resource of a kind shares one, so that it is serialised once. */
export function driverProvider(kind: DriverKind): DriverProvider {
  let provider = providers.get(kind);
  if (!provider) {
    provider = new DriverProvider(kind);
    providers.set(kind, provider);
  }
  return provider;
}

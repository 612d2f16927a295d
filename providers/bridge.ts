import { type Driver, PartiallyCreated } from "./driver";
import type { Bridge } from "./driver-provider";
import { driverOf } from "./drivers";

type AnyProps = Record<string, unknown>;

/** Translates between a driver and Pulumi's dynamic provider protocol. Loaded by `driver-provider.ts`, at run time. */
export function bridgeTo(kind: string): Bridge {
  const driver = driverOf(kind) as Driver<AnyProps, AnyProps>;
  return {
    check(olds, news) {
      const recorded = olds && Object.keys(olds).length > 0 ? (olds as AnyProps) : undefined;
      const checked = driver.check?.(news as AnyProps, recorded) ?? { inputs: news, failures: [] };
      return { inputs: checked.inputs, failures: checked.failures };
    },

    diff(id, olds, news) {
      return driver.diff(id, olds as AnyProps, news as AnyProps);
    },

    async create(inputs) {
      try {
        const created = await driver.create(inputs as AnyProps);
        return { id: created.id, outs: created.outputs };
      } catch (error) {
        throw forEngine(error);
      }
    },

    async read(id, props) {
      if (!driver.read) return { id, props };
      const reading = await driver.read(id, props as AnyProps);
      // An empty answer takes the resource out of the state.
      return reading ? { id: reading.id, props: reading.outputs, inputs: reading.inputs } : {};
    },

    async update(id, olds, news) {
      if (!driver.update) throw new Error(`a resource of kind '${kind}' can't be changed in place`);
      return { outs: await driver.update(id, olds as AnyProps, news as AnyProps) };
    },

    async delete(id, props) {
      await driver.delete(id, props as AnyProps);
    },
  };
}

/** The shape by which the engine keeps a half-made resource in the state (pulumi-nodejs's dynamic provider). */
function forEngine(error: unknown): unknown {
  if (!(error instanceof PartiallyCreated)) return error;
  return Object.assign(new Error(error.message), {
    id: error.id,
    properties: error.outputs,
    reasons: [error.message],
  });
}

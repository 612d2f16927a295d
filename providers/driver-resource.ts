import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "./driver-provider";
import type { DriverKind } from "./drivers";

/** Inputs of a driver, each of them a value or an output of another resource. */
export type Args<Inputs> = { [Name in keyof Inputs]: pulumi.Input<Inputs[Name]> };

interface Options {
  /** Names of the outputs that the driver adds to the inputs. */
  outputs?: readonly string[];
  /** Inputs and outputs that are kept encrypted in the state. */
  secrets?: readonly string[];
  /**
   * For what holds a name or an address that its successor needs. Said by the resource and not only by the driver's `diff`: that
   * isn't asked where a person wants another one (`pulumi up --replace`), and the new one would be deleted in the old one's place.
   */
  deleteBeforeReplace?: boolean;
}

type DriverResource<Outputs> = pulumi.CustomResource & {
  readonly [Name in keyof Outputs]: pulumi.Output<Outputs[Name]>;
};

/**
 * The class of the resources whose life a driver is.
 *
 * @param type as in the state, after `pulumi-nodejs:dynamic/`: as permanent as the kind
 */
export function driverResource<ResourceArgs extends object, Outputs extends object = object>(
  kind: DriverKind,
  type: `${string}:${string}`,
  { outputs = [], secrets = [], deleteBeforeReplace }: Options = {},
): new (name: string, args: ResourceArgs, opts?: pulumi.CustomResourceOptions) => DriverResource<Outputs> {
  const unknown = Object.fromEntries(outputs.map((output) => [output, undefined]));
  class OfDriver extends pulumi.CustomResource {
    constructor(name: string, args: ResourceArgs, opts?: pulumi.CustomResourceOptions) {
      const options = { ...opts, ...(deleteBeforeReplace ? { deleteBeforeReplace } : {}) };
      const additionalSecretOutputs = [...secrets, ...(opts?.additionalSecretOutputs ?? [])];
      // What `pulumi.dynamic.Resource` does, beside making the text.
      super(
        `pulumi-nodejs:dynamic/${type}`,
        name,
        { ...args, ...unknown, __provider: driverProvider(kind) },
        { ...options, additionalSecretOutputs },
      );
    }
  }
  return OfDriver as unknown as new (...args: ConstructorParameters<typeof OfDriver>) => DriverResource<Outputs>;
}

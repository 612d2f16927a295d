import * as pulumi from "@pulumi/pulumi";
import { driverProvider } from "../../driver-provider";
import type { MetalHostInputs } from "./driver";

export type MetalHostArgs = { [key in keyof MetalHostInputs]: pulumi.Input<MetalHostInputs[key]> };

/** A host that exists without this program. Nothing is done when it comes; when it leaves, what the steps did is undone. */
export class MetalHost extends pulumi.dynamic.Resource {
  /** The fingerprint of its pinned host key. */
  declare readonly incarnation: pulumi.Output<string>;

  constructor(name: string, args: MetalHostArgs, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("metal-host"),
      name,
      { ...args, incarnation: undefined },
      { ...opts, additionalSecretOutputs: ["target"] },
      "metal",
      "Host",
    );
  }
}

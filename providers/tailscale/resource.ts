import * as pulumi from "@pulumi/pulumi";
import { driverProvider, OLD_ONE_FIRST } from "../driver-provider";
import type { DevicesInputs } from "./devices-driver";
import type { GuardInputs } from "../guard";
import type { LoginInputs } from "./login-driver";

type Args<Inputs> = { [key in keyof Inputs]: pulumi.Input<Inputs[key]> };

/** A host's membership in a tailnet. */
export class TailscaleLogin extends pulumi.dynamic.Resource {
  /** The device's id in the tailnet. */
  declare readonly device: pulumi.Output<string>;
  /** The device's addresses in the tailnet. */
  declare readonly addresses: pulumi.Output<string[]>;

  constructor(name: string, args: Args<LoginInputs>, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("tailscale-login"),
      name,
      { ...args, device: undefined, addresses: undefined },
      { ...opts, ...OLD_ONE_FIRST, additionalSecretOutputs: ["node", "oauth", "authKey"] },
      "tailscale",
      "Login",
    );
  }
}

/** The devices of a cluster in a tailnet, which are removed when the cluster's operator is gone. */
export class TailscaleDevices extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args<DevicesInputs>, opts?: pulumi.CustomResourceOptions) {
    super(
      driverProvider("tailscale-devices"),
      name,
      { ...args, others: undefined },
      { ...opts, ...OLD_ONE_FIRST, additionalSecretOutputs: ["access"] },
      "tailscale",
      "Devices",
    );
  }
}

/** Deleted when no object needs the operator any more. What it is to take up depends on this, and this on the operator. */
export class TailscaleObjects extends pulumi.dynamic.Resource {
  constructor(name: string, args: Args<GuardInputs>, opts?: pulumi.CustomResourceOptions) {
    const options = { ...opts, additionalSecretOutputs: ["controlPlane"] };
    super(driverProvider("tailscale-objects"), name, args, options, "tailscale", "Objects");
  }
}

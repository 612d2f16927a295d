import { type Args, driverResource } from "../driver-resource";
import type { GuardInputs } from "../guard";
import type { DevicesInputs } from "./devices-driver";
import type { LoginInputs, LoginOutputs } from "./login-driver";

/** A machine's membership in a tailnet. */
export class TailscaleLogin extends driverResource<Args<LoginInputs>, LoginOutputs>(
  "tailscale-login",
  "tailscale:Login",
  {
    outputs: ["device", "addresses"],
    secrets: ["node", "oauth", "authKey"],
    deleteBeforeReplace: true,
  },
) {}

/** The devices of a cluster in a tailnet, which are removed when the cluster's operator is gone. */
export class TailscaleDevices extends driverResource<Args<DevicesInputs>>("tailscale-devices", "tailscale:Devices", {
  outputs: ["others"],
  secrets: ["access"],
  deleteBeforeReplace: true,
}) {}

/** Deleted when no object needs the operator any more. What the operator is to serve depends on this, and this on the operator. */
export class TailscaleObjects extends driverResource<Args<GuardInputs>>("tailscale-objects", "tailscale:Objects", {
  secrets: ["controlPlane"],
}) {}

import { type Args, driverResource } from "../../driver-resource";
import type { MetalHostInputs, MetalHostOutputs } from "./driver";

/** A host that exists without this program. Nothing is done when it comes; when it leaves, what the steps did is undone. */
export class MetalHost extends driverResource<Args<MetalHostInputs>, Pick<MetalHostOutputs, "incarnation">>(
  "metal-host",
  "metal:Host",
  { outputs: ["incarnation"], secrets: ["target"] },
) {}

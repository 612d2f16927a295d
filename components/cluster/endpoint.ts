import type * as pulumi from "@pulumi/pulumi";
import { controlPlaneEndpoint, type Settings } from "../../settings";
import type { Machine } from "../../providers/machines/machine";

/** By which nodes and people reach the API server: as set, else the address of the first control plane. */
export interface Endpoint {
  host: pulumi.Input<string>;
  port: number;
}

export function clusterEndpoint(settings: Settings, machines: readonly Machine[]): Endpoint {
  const { host, port } = controlPlaneEndpoint(settings);
  const first = machines.find(({ role }) => role === "control-plane");
  if (!first) throw new Error("a cluster needs a control plane");
  return { host: host ?? first.address, port };
}

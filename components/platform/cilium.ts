import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { CiliumSettings } from "../../settings";
import type { Endpoint } from "../cluster/endpoint";
import type { FetchedChart } from "./chart";
import { chartPath } from "./charts";
import { mergeValues, type Values } from "./values";

export interface CiliumArgs {
  chart: FetchedChart;
  settings: CiliumSettings;
  /** The API server, by the address that every node can reach without a service network. */
  endpoint: Endpoint;
  nodeCount: number;
  /**
   * What must be there first. It isn't the component's own `dependsOn`: the engine skips a component whose dependency failed,
   * and then reports its end as an error of its own.
   */
  after: pulumi.Resource[];
}

/** Long enough for images to be pulled over a slow line; a healthy cluster needs well under a minute. */
const TIMEOUT_SECONDS = 900;
const MAX_OPERATOR_REPLICAS = 2;

/** The network of the cluster: pod network, service translation in place of kube-proxy, network policies. */
export class Cilium extends pulumi.ComponentResource {
  readonly version: string;

  constructor(name: string, args: CiliumArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Cilium", name, {}, opts);
    this.version = args.chart.version;
    new kubernetes.helm.v3.Release(
      `${name}-release`,
      {
        name: "cilium",
        namespace: "kube-system",
        chart: chartPath(args.chart),
        values: mergeValues(args.chart.values, ciliumValues(args), args.settings.values),
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: args.after },
    );
    this.registerOutputs();
  }
}

/** The values that follow from the cluster. */
export function ciliumValues(args: Pick<CiliumArgs, "settings" | "endpoint" | "nodeCount">): Values {
  const { hubble, mtu } = args.settings;
  return {
    k8sServiceHost: args.endpoint.host,
    k8sServicePort: args.endpoint.port,
    operator: { replicas: Math.min(args.nodeCount, MAX_OPERATOR_REPLICAS) },
    ...(mtu === undefined ? {} : { MTU: mtu }),
    hubble: {
      enabled: hubble.enabled,
      relay: { enabled: hubble.relay },
      ui: { enabled: hubble.ui },
      // Agents listen for the relay alone. Without one they need no certificates, and serve no flows to the network.
      ...(hubble.relay ? {} : { listenAddress: "", tls: { enabled: false } }),
    },
  };
}

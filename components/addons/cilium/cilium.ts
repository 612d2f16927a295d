import * as pulumi from "@pulumi/pulumi";
import type { CiliumSettings } from "../../../settings";
import type { Endpoint } from "../../cluster/endpoint";
import type { Machine } from "../../../providers/machines/machine";
import { RemoteStep } from "../../remote/remote-step";
import type { FetchedChart } from "../chart";
import { chartPath } from "../charts";
import { ciliumChecksScript } from "./cilium-checks";
import type { HelmReleases } from "../helm-releases";
import { mergeValues, type Values } from "../values";

export interface CiliumArgs {
  /** Where its release is added. */
  releases: HelmReleases;
  chart: FetchedChart;
  settings: CiliumSettings;
  /** The API server, by the address that every node can reach without a service network. */
  endpoint: Endpoint;
  nodeCount: number;
  /** Where the cluster is looked at before anything is installed or changed. */
  controlPlane: Machine;
  /**
   * What must be there first. It isn't the component's own `dependsOn`: the engine skips a component whose dependency failed,
   * and then reports its end as an error of its own.
   */
  after: pulumi.Resource[];
}

/** Long enough for images to be pulled over a slow line; a healthy cluster needs well under a minute. */
const TIMEOUT_SECONDS = 900;
const MAX_OPERATOR_REPLICAS = 2;
/** What is counted for Prometheus: the useful ones whose number of series stays small. */
const HUBBLE_METRICS = ["dns", "drop", "tcp", "flow", "icmp", "port-distribution"];

/** The network of the cluster: pod network, service translation in place of kube-proxy, network policies. */
export class Cilium extends pulumi.ComponentResource {
  readonly version: string;

  constructor(name: string, args: CiliumArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Cilium", name, {}, opts);
    this.version = args.chart.version;
    const values = mergeValues(args.chart.values, ciliumValues(args), args.settings.values);
    const checks = new RemoteStep(
      `${name}-checks`,
      {
        step: "cilium-checks",
        host: args.controlPlane,
        // The API server's address is an output of its machine.
        commands: pulumi.output(values).apply(ciliumChecksScript),
      },
      { parent: this, dependsOn: args.after },
    );
    args.releases.add(
      `${name}-release`,
      {
        name: "cilium",
        namespace: "kube-system",
        chart: chartPath(args.chart),
        values,
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: [...args.after, checks] },
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
      ...(hubble.metrics ? { metrics: { enabled: HUBBLE_METRICS } } : {}),
      // Agents listen for the relay alone. Without one they need no certificates, and serve no flows to the network.
      ...(hubble.relay ? {} : { listenAddress: "", tls: { enabled: false } }),
    },
  };
}

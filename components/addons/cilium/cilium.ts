import * as pulumi from "@pulumi/pulumi";
import type { CiliumSettings } from "../../../settings";
import { ENCRYPTED, mapSecrets } from "../../../settings/fields";
import type { Endpoint } from "../../cluster/endpoint";
import { RemoteStep } from "../../remote/remote-step";
import type { AddonContext, Installed } from "../addon";
import { mergeValues, type Values } from "../values";
import { ciliumChecksScript, readyScript } from "./scripts";

export { effects } from "./effects";

/** Long enough for images to be pulled over a slow line; a healthy cluster needs well under a minute. */
const TIMEOUT_SECONDS = 900;
const MAX_OPERATOR_REPLICAS = 2;
/** What is counted for Prometheus: the useful ones whose number of series stays small. */
const HUBBLE_METRICS = ["dns", "drop", "tcp", "flow", "icmp", "port-distribution"];

export function install(context: AddonContext): Installed {
  const { cluster, inCluster } = context;
  // The network is of no use without the cluster, and what it leaves on hosts is undone there: it is deleted with the control
  // plane everywhere, also with one whose API is gone.
  const component = new Cilium("cilium", context, { ...inCluster, deletedWith: cluster.controlPlane.resource });
  const ready = new RemoteStep(
    "cluster-ready",
    { step: "cluster-ready", host: cluster.controlPlane, commands: readyScript(cluster.nodeNames) },
    { parent: inCluster.parent, dependsOn: [component, ...cluster.members] },
  );
  return { component, ready: [ready] };
}

/** The network of the cluster: pod network, service translation in place of kube-proxy, network policies. */
class Cilium extends pulumi.ComponentResource {
  constructor(name: string, context: AddonContext, opts: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Cilium", name, {}, opts);
    const { cluster, chart } = context;
    const { cilium: settings } = context.settings.addons;
    const { endpoint, nodeNames } = cluster;
    const own = ciliumValues({ settings, endpoint, nodeCount: nodeNames.length });
    const values = mergeValues(chart.values, own, settings.values);
    // Cilium makes the nodes Ready, so it may not wait for Ready ones; and one that can't join is no reason to leave the others
    // without a network.
    const after = [cluster.controlPlaneReady];
    const checks = new RemoteStep(
      `${name}-checks`,
      {
        step: "cilium-checks",
        host: cluster.controlPlane,
        // The API server's address is an output of its machine. The script is no secret: previews show it.
        commands: pulumi.output(mapSecrets(values, () => ENCRYPTED)).apply(ciliumChecksScript),
      },
      { parent: this, dependsOn: after },
    );
    context.releases.add(
      `${name}-release`,
      { name: "cilium", namespace: "kube-system", chart, values, timeout: TIMEOUT_SECONDS },
      { parent: this, dependsOn: [...after, checks] },
    );
    this.registerOutputs();
  }
}

/** The values that follow from the cluster. */
export function ciliumValues(args: { settings: CiliumSettings; endpoint: Endpoint; nodeCount: number }): Values {
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

import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { AddonsSettings } from "../../settings";
import type { Cluster } from "../cluster/cluster";
import { RemoteStep } from "../remote/remote-step";
import type { Charts } from "./charts";
import { Cilium } from "./cilium";
import { readyScript } from "./ready-cluster";

export interface PlatformArgs {
  cluster: Cluster;
  addons: AddonsSettings;
  /** Of the add-ons that are switched on. */
  charts: Charts;
}

/** What every cluster has before anybody's own workloads: each add-on after what it really needs. */
export class Platform extends pulumi.ComponentResource {
  /** Versions of the add-ons, by name. */
  readonly versions: Record<string, string> = {};

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Platform", name, {}, opts);
    const { cluster, addons, charts } = args;

    const provider = new kubernetes.Provider(
      "kubernetes",
      {
        kubeconfig: cluster.kubeconfig,
        // Without it, a kubeconfig that is read again would preview as another cluster, and everything in it as replaced.
        clusterIdentifier: cluster.identity,
        enableServerSideApply: true,
      },
      { parent: this },
    );
    const { disposable, resource } = cluster.controlPlane;
    // What is in the cluster goes with machines that are thrown away: `destroy` then doesn't need the API server.
    const inCluster = { parent: this, provider, ...(disposable ? { deletedWith: resource } : {}) };

    if (!charts.cilium) {
      // Nodes become Ready when the user's own network comes: nothing can wait for that here.
      this.registerOutputs();
      return;
    }
    // Cilium makes the nodes Ready, so it may not wait for Ready ones; and one that can't join is no reason to leave the
    // others without a network.
    const cilium = new Cilium(
      "cilium",
      {
        chart: charts.cilium,
        settings: addons.cilium,
        endpoint: cluster.endpoint,
        nodeCount: cluster.nodeNames.length,
        after: [cluster.controlPlaneReady],
      },
      inCluster,
    );
    this.versions.cilium = cilium.version;
    new RemoteStep(
      "cluster-ready",
      { step: "cluster-ready", host: cluster.controlPlane, commands: readyScript(cluster.nodeNames) },
      { parent: this, dependsOn: [cilium, ...cluster.members] },
    );
    this.registerOutputs();
  }
}

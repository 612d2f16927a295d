import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { AddonsSettings, GitopsSettings, Storage } from "../../settings";
import type { Cluster } from "../cluster/cluster";
import { RemoteStep } from "../remote/remote-step";
import { Argocd } from "./argocd/argocd";
import type { Charts } from "./charts";
import { Cilium } from "./cilium/cilium";
import { HelmReleases } from "./helm-releases";
import { Longhorn } from "./longhorn/longhorn";
import { readyScript } from "./ready-cluster";
import { installTailscale, showPages } from "./tailscale/tailscale";
import { tailscaleLeftOut } from "./tailscale/tailscale-client";

export interface PlatformArgs {
  cluster: Cluster;
  addons: AddonsSettings;
  /** What Argo CD follows. */
  gitops?: GitopsSettings;
  /** Of the add-ons that are switched on. */
  charts: Charts;
  /** Which nodes keep volumes, where Longhorn is on. */
  storage?: Storage;
}

/** What every cluster has before anybody's own workloads: each add-on after what it really needs. */
export class Platform extends pulumi.ComponentResource {
  /** Versions of the add-ons, by name. */
  readonly versions: Record<string, string> = {};
  /** What the add-ons have to say, of those that are on: stack outputs by name. */
  readonly outputs: {
    /** Which nodes keep volumes, and why others don't. */
    storage?: { nodes: string[]; leftOut: Storage["leftOut"] };
    argocd?: { adminPassword: pulumi.Output<string> };
    /** What is switched on and still left out, by name, with the reason. */
    leftOut?: Record<string, string>;
  } = {};
  private readonly releases: HelmReleases;

  constructor(name: string, args: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Platform", name, {}, opts);
    const { cluster, addons, charts, storage } = args;
    const leftOut = tailscaleLeftOut(addons.tailscale);
    for (const [addon, why] of Object.entries(leftOut)) void pulumi.log.warn(`${addon} is left out: ${why}`, this);
    if (Object.keys(leftOut).length > 0) this.outputs.leftOut = leftOut;

    this.releases = new HelmReleases(cluster.kubeconfig);
    const provider = new Provider(
      "kubernetes",
      {
        kubeconfig: cluster.kubeconfig,
        // Without it, a kubeconfig that is read again would preview as another cluster, and everything in it as replaced.
        clusterIdentifier: cluster.identity,
        enableServerSideApply: true,
        // These objects are Pulumi's: a field that somebody set by hand, as Argo CD's page does with the password, is taken back.
        enablePatchForce: true,
        // A Secret that is replaced loses what others put into it, as Argo CD does with the key of its sessions.
        enableSecretMutable: true,
      },
      { parent: this },
    );
    const { disposable, resource } = cluster.controlPlane;
    // What is in the cluster goes with machines that are thrown away: `destroy` then doesn't need the API server.
    const inCluster = { parent: this, provider, ...(disposable ? { deletedWith: resource } : {}) };

    const ready = this.network(args, inCluster);
    /** What the objects of the GitOps repository may use: volumes, pages in the tailnet. */
    const services: pulumi.Resource[] = [];
    if (charts.longhorn && storage) {
      const longhorn = new Longhorn(
        "longhorn",
        {
          releases: this.releases,
          chart: charts.longhorn,
          settings: addons.longhorn,
          storage,
          singleNode: cluster.nodeNames.length === 1,
          disposable,
          after: [...ready, cluster.labelled],
        },
        inCluster,
      );
      services.push(longhorn);
      this.versions.longhorn = longhorn.version;
      this.outputs.storage = { nodes: storage.nodes.map(({ node }) => node.name), leftOut: storage.leftOut };
    }
    const tailscale = installTailscale({
      releases: this.releases,
      chart: charts.tailscale,
      settings: addons.tailscale,
      controlPlane: cluster.controlPlane,
      cluster: cluster.identity,
      after: ready,
      inCluster,
    });
    if (tailscale) services.push(tailscale);
    let argocd: Argocd | undefined;
    if (charts.argocd) {
      const { controlPlane, identity } = cluster;
      const { releases } = this;
      const settings = { releases, chart: charts.argocd, settings: addons.argocd, gitops: args.gitops, services };
      argocd = new Argocd("argocd", { ...settings, controlPlane, cluster: identity, after: ready }, inCluster);
      this.versions.argocd = argocd.version;
      this.outputs.argocd = { adminPassword: argocd.adminPassword };
    }
    if (tailscale) {
      this.versions["tailscale-operator"] = tailscale.version;
      showPages(addons.tailscale, { tailscale, argocd }, inCluster);
    }
    this.registerOutputs();
  }

  /** Answers what ordinary workloads wait for. */
  private network(
    { cluster, addons, charts }: PlatformArgs,
    inCluster: pulumi.ComponentResourceOptions,
  ): pulumi.Resource[] {
    // Nodes become Ready when the user's own network comes: nothing can wait for that here.
    if (!charts.cilium) return cluster.members;
    // Cilium makes the nodes Ready, so it may not wait for Ready ones; and one that can't join is no reason to leave the
    // others without a network.
    const cilium = new Cilium(
      "cilium",
      {
        releases: this.releases,
        chart: charts.cilium,
        settings: addons.cilium,
        endpoint: cluster.endpoint,
        nodeCount: cluster.nodeNames.length,
        controlPlane: cluster.controlPlane,
        after: [cluster.controlPlaneReady],
      },
      // The network is of no use without the cluster, and what it leaves on hosts is undone there: it goes with the control
      // plane everywhere, also with one whose API is gone.
      { ...inCluster, deletedWith: cluster.controlPlane.resource },
    );
    this.versions.cilium = cilium.version;
    const ready = new RemoteStep(
      "cluster-ready",
      { step: "cluster-ready", host: cluster.controlPlane, commands: readyScript(cluster.nodeNames) },
      { parent: this, dependsOn: [cilium, ...cluster.members] },
    );
    return [ready];
  }
}

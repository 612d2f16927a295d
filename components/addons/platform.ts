import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import type { Cluster } from "../cluster/cluster";
import type { AddonCode, AddonContext } from "./addon";
import type { Charts } from "./charts";
import { HelmReleases } from "./helm-releases";
import { addons, leftOut } from "./list";

interface PlatformArgs {
  cluster: Cluster;
  settings: Settings;
  /** Of the add-ons that are on. */
  charts: Charts;
}

/** What every cluster has before the user's own workloads: the add-ons that are on, in the order of their list. */
export class Platform extends pulumi.ComponentResource {
  /** Versions of the add-ons, by name. */
  readonly versions: Record<string, string> = {};
  /** Stack outputs of the add-ons that are on, by name; and `leftOut`: what is switched on and still left out, with the reason. */
  readonly outputs: Record<string, unknown> = {};

  constructor(name: string, { cluster, settings, charts }: PlatformArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Platform", name, {}, opts);
    this.reportLeftOut(settings);
    const shared = {
      settings,
      cluster,
      releases: new HelmReleases(cluster.kubeconfig),
      inCluster: this.optionsInCluster(cluster),
    };
    // Without a network of the program's own, nodes become Ready when the user's comes: nothing can wait for that here.
    let ready = cluster.members;
    const services: pulumi.Resource[] = [];
    const components: Record<string, pulumi.Resource> = {};
    const installed: { code: AddonCode; context: AddonContext }[] = [];
    for (const addon of addons) {
      const chart = charts[addon.name];
      if (!chart) continue;
      const code = addon.load();
      const context = { ...shared, chart, ready, services: [...services] };
      const made = code.install(context);
      if (made.ready) ready = made.ready;
      else services.push(made.component);
      components[addon.name] = made.component;
      installed.push({ code, context });
      this.versions[addon.versionName ?? addon.name] = chart.version;
      Object.assign(this.outputs, made.outputs);
    }
    for (const { code, context } of installed) code.finish?.(context, components);
    this.registerOutputs();
  }

  private reportLeftOut({ addons }: Settings): void {
    const missing = leftOut(addons);
    for (const [addon, why] of Object.entries(missing)) void pulumi.log.warn(`${addon} is left out: ${why}`, this);
    if (Object.keys(missing).length > 0) this.outputs.leftOut = missing;
  }

  private optionsInCluster({ kubeconfig, identity, controlPlane }: Cluster): AddonContext["inCluster"] {
    const provider = new Provider(
      "kubernetes",
      {
        kubeconfig,
        // Without it, a kubeconfig that is read again would preview as another cluster, and everything in it as replaced.
        clusterIdentifier: identity,
        enableServerSideApply: true,
        // These objects are Pulumi's: a field that was set by hand, as Argo CD's page does with the password, is set back.
        enablePatchForce: true,
        // A Secret that is replaced loses what others put into it, as Argo CD does with the key of its sessions.
        enableSecretMutable: true,
      },
      { parent: this },
    );
    const { disposable, resource } = controlPlane;
    // Objects in the cluster are deleted with disposable machines: `destroy` then doesn't need the API server.
    return { parent: this, provider, ...(disposable ? { deletedWith: resource } : {}) };
  }
}

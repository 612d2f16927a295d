import { Namespace } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import type { LonghornSettings, Storage, StorageNode } from "../../../settings";
import { type Taint, taintText, wantedTaints } from "../../cluster/kubeadm-config";
import type { FetchedChart } from "../chart";
import { chartPath } from "../charts";
import type { HelmReleases } from "../helm-releases";
import { mergeValues, type Values } from "../values";

export interface LonghornArgs {
  /** Where its release is added. */
  releases: HelmReleases;
  chart: FetchedChart;
  settings: LonghornSettings;
  storage: Storage;
  /** The cluster has no other node than its control plane, so that this one takes ordinary pods. */
  singleNode: boolean;
  /** The machines are thrown away whole: nothing is kept from being removed. */
  disposable: boolean;
  /** What must be there first; see `CiliumArgs.after`. */
  after: pulumi.Resource[];
}

export const NAMESPACE = "longhorn-system";
/** Its images are some gigabytes. */
const INSTALL_SECONDS = 1200;
/** The chart's job that empties Longhorn has 15 minutes. */
const REMOVAL = "30m";
/** More copies cost more than they help. */
const MAX_REPLICAS = 3;
const MAX_UI_REPLICAS = 2;

/** Replicated volumes on the disks of the storage nodes. */
export class Longhorn extends pulumi.ComponentResource {
  readonly version: string;

  constructor(name: string, args: LonghornArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Longhorn", name, {}, opts);
    this.version = args.chart.version;
    // Its own resource, so that it goes after the release, and whatever Longhorn's job left goes with it.
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      { parent: this, dependsOn: args.after, customTimeouts: { delete: REMOVAL } },
    );
    args.releases.add(
      `${name}-release`,
      {
        name: "longhorn",
        namespace: namespace.metadata.name,
        chart: chartPath(args.chart),
        values: mergeValues(args.chart.values, longhornValues(args), args.settings.values),
        timeout: INSTALL_SECONDS,
      },
      {
        parent: this,
        dependsOn: args.after,
        protect: isProtected(args),
        customTimeouts: { delete: REMOVAL },
      },
    );
    this.registerOutputs();
  }
}

type ValuesArgs = Pick<LonghornArgs, "settings" | "storage" | "singleNode" | "disposable">;

function isProtected({ settings, disposable }: ValuesArgs): boolean {
  return settings.protect && !disposable;
}

/** The values that follow from the cluster. */
export function longhornValues(args: ValuesArgs): Values {
  const { settings, storage } = args;
  const nodeCount = storage.nodes.length;
  const replicas = settings.replicas ?? Math.min(nodeCount, MAX_REPLICAS);
  const taints = taintsOf(storage.nodes, args.singleNode);
  const sidecars = Math.min(nodeCount, MAX_REPLICAS);
  return {
    global: { tolerations: taints.map(toleration) },
    persistence: { defaultClass: settings.defaultStorageClass, defaultClassReplicaCount: replicas },
    csi: {
      attacherReplicaCount: sidecars,
      provisionerReplicaCount: sidecars,
      resizerReplicaCount: sidecars,
      snapshotterReplicaCount: sidecars,
    },
    longhornUI: { replicas: Math.min(nodeCount, MAX_UI_REPLICAS) },
    defaultSettings: {
      defaultDataPath: settings.dataPath,
      defaultReplicaCount: JSON.stringify({ v1: String(replicas), v2: String(replicas) }),
      ...(taints.length === 0 ? {} : { taintToleration: taints.map(taintText).join(";") }),
      // Its job refuses to remove Longhorn without it. While Pulumi protects the release, Longhorn refuses too.
      deletingConfirmationFlag: !isProtected(args),
    },
  };
}

/** Taints of the storage nodes that would keep Longhorn's pods away, each once. */
function taintsOf(nodes: readonly StorageNode[], singleNode: boolean): Taint[] {
  const all = nodes.flatMap(({ node }) => wantedTaints(node, singleNode));
  const keepingAway = all.filter(({ effect }) => effect !== "PreferNoSchedule");
  return [...new Map(keepingAway.map((taint) => [taintText(taint), taint])).values()];
}

function toleration({ key, value, effect }: Taint): Values {
  return value ? { key, operator: "Equal", value, effect } : { key, operator: "Exists", effect };
}

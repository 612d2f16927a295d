import { Namespace } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { LONGHORN_NAMESPACE } from "./addon";
import type { LonghornSettings } from "../../../settings";
import { type Taint, taintText, wantedTaints } from "../../cluster/kubeadm-config";
import type { AddonContext, Installed } from "../addon";
import { mergeValues, type Values } from "../values";
import { possibleStorage, type Storage, type StorageNode } from "./storage";

/** Its images are some gigabytes. */
const INSTALL_SECONDS = 1200;
/** The chart's job that empties Longhorn has 15 minutes. */
const REMOVAL = "30m";
/** More copies cost more than they help. */
const MAX_REPLICAS = 3;
const MAX_UI_REPLICAS = 2;

export function install(context: AddonContext): Installed {
  const storage = possibleStorage(context.settings);
  const component = new Longhorn("longhorn", context, storage);
  const nodes = storage.nodes.map(({ node }) => node.name);
  return { component, outputs: { storage: { nodes, leftOut: storage.leftOut } } };
}

/** Replicated volumes on the disks of the storage nodes. */
class Longhorn extends pulumi.ComponentResource {
  constructor(
    name: string,
    { settings: all, cluster, chart, releases, ready, inCluster }: AddonContext,
    storage: Storage,
  ) {
    super("homelab:platform:Longhorn", name, {}, inCluster);
    const settings = all.addons.longhorn;
    const singleNode = cluster.nodeNames.length === 1;
    const args = { settings, storage, singleNode, disposable: cluster.controlPlane.disposable };
    const dependsOn = [...ready, cluster.labelled];
    // A resource of its own, so that it is deleted after the release, with whatever Longhorn's job left.
    const namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: LONGHORN_NAMESPACE, labels: { "pod-security.kubernetes.io/enforce": "privileged" } } },
      { parent: this, dependsOn, customTimeouts: { delete: REMOVAL } },
    );
    releases.add(
      `${name}-release`,
      {
        name: "longhorn",
        namespace: namespace.metadata.name,
        chart,
        values: mergeValues(chart.values, longhornValues(args), settings.values),
        timeout: INSTALL_SECONDS,
      },
      { parent: this, dependsOn, protect: isProtected(args), customTimeouts: { delete: REMOVAL } },
    );
    this.registerOutputs();
  }
}

interface ValuesArgs {
  settings: LonghornSettings;
  storage: Storage;
  /** The cluster has no other node than its control plane, so that this one takes ordinary pods. */
  singleNode: boolean;
  /** The machines are deleted whole: nothing is kept from being removed. */
  disposable: boolean;
}

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

import { randomBytes } from "node:crypto";
import { quote } from "../../../providers/host/shell/quote";
import type { Check, CheckContext } from "../../../checks/check";
import { CheckFailure, failed, type Finding, ok, skipped } from "../../../checks/finding";
import { type Metadata, type Node, type Pod, whyNotRunning } from "../../../checks/kubernetes-objects";
import { startAction } from "../../../checks/network-verdict";
import { hasEnded, type OwnPodArgs, ownPod, waitForPods } from "../../../checks/own-pod";

const NAME = "storage";
const CLAIM = "data";
/** A volume is made, attached and formatted first. */
const WRITE_SECONDS = 150;
/** It is detached from one node, and attached to the other. */
const READ_SECONDS = 120;
/** Its volumes are made by hand: one that was used would have to be recreated by hand. */
const BY_HAND = "kubernetes.io/no-provisioner";

interface StorageClass {
  metadata: Metadata;
  provisioner: string;
}

/** A volume of the default class: one pod writes to it, another, on another node where there is one, reads it back. */
export const storageCheck: Check = {
  subjects: [NAME],
  limitSeconds: WRITE_SECONDS + READ_SECONDS + 30,
  async run(context) {
    const { api } = context.access;
    const chosen = chooseClass(await api.list<StorageClass>("/apis/storage.k8s.io/v1/storageclasses"));
    if ("why" in chosen) return [skipped(NAME, chosen.why)];
    return [await writeAndRead(context, chosen.name)];
  },
};

/** The default StorageClass, else Longhorn's. */
export function chooseClass(classes: StorageClass[]): { name: string } | { why: string } {
  const isDefault = ({ metadata }: StorageClass) =>
    metadata.annotations?.["storageclass.kubernetes.io/is-default-class"] === "true";
  const chosen = classes.find(isDefault) ?? classes.find(({ metadata }) => metadata.name === "longhorn");
  if (!chosen) return { why: "there is no default StorageClass (addons.longhorn makes one)" };
  const { name } = chosen.metadata;
  if (chosen.provisioner === BY_HAND)
    return { why: `the volumes of the default StorageClass ${name} are made by hand` };
  return { name };
}

async function writeAndRead(context: CheckContext, storageClass: string): Promise<Finding> {
  const { access, namespace } = context;
  await access.api.create(await namespace.path("persistentvolumeclaims"), {
    metadata: { name: CLAIM },
    spec: {
      storageClassName: storageClass,
      accessModes: ["ReadWriteOnce"],
      resources: { requests: { storage: "64Mi" } },
    },
  });
  const text = randomBytes(16).toString("hex");
  const writer = await runPod(
    context,
    { name: "writer", script: `echo ${quote(text)} >/data/text && sync` },
    WRITE_SECONDS,
  );
  const wroteOn = writer.spec.nodeName ?? "";
  const reading = { name: "reader", script: "cat /data/text", ratherNotOn: wroteOn };
  const reader = await runPod(context, reading, READ_SECONDS);
  const read = await access.api.text(`${await namespace.path("pods")}/reader/log`);
  const where = `written on ${wroteOn}, read on ${reader.spec.nodeName ?? ""}, StorageClass ${storageClass}`;
  if (read.trim() === text) return ok(NAME, where);
  return failed(
    NAME,
    `what was read is not what was written (${where})`,
    "Don't trust this volume: see the log of the StorageClass' provisioner, and the disks of the nodes (dmesg).",
  );
}

/** @throws CheckFailure where it does not come to a good end */
async function runPod(context: CheckContext, pod: Omit<OwnPodArgs, "image">, limitSeconds: number): Promise<Pod> {
  const { access, namespace, image } = context;
  const pods = await namespace.path("pods");
  const tolerated = await taintsOfEveryNode(context);
  await access.api.create(pods, ownPod({ ...pod, image, claim: CLAIM, tolerated }));
  const [ended] = await waitForPods(context, [pod.name], hasEnded, limitSeconds);
  if (ended?.status.phase === "Succeeded") return ended;
  const claimed = await access.api.get<Claim>(`/api/v1/namespaces/${namespace.name}/persistentvolumeclaims/${CLAIM}`);
  const said = ended && hasEnded(ended) ? await access.api.text(`${pods}/${pod.name}/log`) : "";
  const why = ended ? said.trim() || whyNotRunning(ended) : "it is gone";
  throw new CheckFailure(
    `the ${pod.name} did not end well within ${limitSeconds} s: ${why}${claimed.status?.phase === "Bound" ? "" : ` (its volume is ${claimed.status?.phase ?? "not made"})`}`,
    `kubectl get storageclass; kubectl -n longhorn-system get pods,volumes.longhorn.io where that is Longhorn. ${startAction(image)}`,
  );
}

interface Claim {
  status?: { phase?: string };
}

/** Where every node keeps ordinary pods away, what keeps them away is tolerated; else nothing is. */
async function taintsOfEveryNode({ access }: CheckContext): Promise<NonNullable<NonNullable<Node["spec"]>["taints"]>> {
  const nodes = await access.api.list<Node>("/api/v1/nodes");
  const keepingAway = nodes.map(({ spec }) =>
    (spec?.taints ?? []).filter(({ effect }) => effect !== "PreferNoSchedule"),
  );
  return keepingAway.every((taints) => taints.length > 0) ? keepingAway.flat() : [];
}

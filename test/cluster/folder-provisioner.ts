import { repeat } from "../harness/eventually";
import type { Kubectl } from "../harness/api/kubectl";
import type { TestHost } from "../harness/machines/test-host";

const CLASS = "folders";
const FOLDER = "/var/tmp/folders";
const EVERY_MS = 500;

interface Claim {
  metadata: { name: string; namespace: string; uid: string };
  spec: { storageClassName?: string };
  status: { phase: string };
}
interface Volume {
  metadata: { name: string };
  spec: { storageClassName?: string; persistentVolumeReclaimPolicy: string };
  status: { phase: string };
}

/**
 * A default StorageClass whose volumes are folders on one host. What a provisioner does in a cluster is done by the test: it makes
 * a volume for each claim that waits for one, and removes those that were released and are to be deleted.
 */
export async function folderProvisioner(kubectl: Kubectl, host: TestHost) {
  await kubectl.apply(JSON.stringify(STORAGE_CLASS));
  const made = new Set<string>();
  const round = async () => {
    const claims = (await kubectl.json<{ items: Claim[] }>("get", "persistentvolumeclaims", "-A")).items;
    for (const claim of claims.filter(({ spec, status }) => isOurs(spec) && status.phase === "Pending")) {
      const folder = `${FOLDER}/${claim.metadata.uid}`;
      await host.run(`mkdir -p -m 777 ${folder}`);
      await kubectl.apply(JSON.stringify(volumeFor(claim, folder, host.name)));
      made.add(claim.metadata.uid);
    }
    for (const { metadata, spec, status } of await volumes(kubectl)) {
      if (status.phase !== "Released" || spec.persistentVolumeReclaimPolicy !== "Delete") continue;
      await kubectl.run("delete", "persistentvolume", metadata.name);
    }
  };
  const working = repeat(round, EVERY_MS);
  return {
    /** How many volumes it made so far. */
    get made() {
      return made.size;
    },
    async stop() {
      await working.stop();
      await kubectl.run("delete", "storageclass", CLASS);
      await host.run(`rm -rf ${FOLDER}`);
    },
  };
}

const isOurs = ({ storageClassName }: { storageClassName?: string }): boolean => storageClassName === CLASS;

async function volumes(kubectl: Kubectl): Promise<Volume[]> {
  return (await kubectl.json<{ items: Volume[] }>("get", "persistentvolumes")).items.filter(({ spec }) => isOurs(spec));
}

const STORAGE_CLASS = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: CLASS, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner: "test.homelab/folders",
  // As careful people set it: a check must not leave its volume behind for that.
  reclaimPolicy: "Retain",
};

function volumeFor({ metadata }: Claim, folder: string, node: string): object {
  const { name, namespace, uid } = metadata;
  const onNode = { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: `folder-${uid}`, annotations: { "pv.kubernetes.io/provisioned-by": "test.homelab/folders" } },
    spec: {
      storageClassName: CLASS,
      capacity: { storage: "64Mi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: STORAGE_CLASS.reclaimPolicy,
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", name, namespace, uid },
      local: { path: folder },
      nodeAffinity: { required: { nodeSelectorTerms: [onNode] } },
    },
  };
}

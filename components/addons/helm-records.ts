import { gunzipSync } from "node:zlib";
import { isMissing, type KubernetesApi } from "../cluster/kubernetes-api";

/** What Helm keeps of one revision of a release: a Secret in the release's namespace. */
export interface HelmRecord {
  /** Name of the Secret. */
  secret: string;
  revision: number;
  /** Helm's word: deployed, superseded, failed, pending-install, pending-upgrade, … */
  status: string;
}

/** A release by its namespace and name. */
export interface ReleaseName {
  namespace: string;
  name: string;
}

interface Metadata {
  metadata: { name: string; labels: { version: string; status: string } };
}

/** Labels alone: the records themselves may have a megabyte each. */
const LABELS_ALONE = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/** Records of a release, the latest first; none where there is no such release, nor namespace. */
export async function helmRecords(api: KubernetesApi, { namespace, name }: ReleaseName): Promise<HelmRecord[]> {
  const query = new URLSearchParams({ labelSelector: `owner=helm,name=${name}` });
  const found = await api.list<Metadata>(`${secrets(namespace)}?${query.toString()}`, {
    accept: LABELS_ALONE,
    doing: `listing earlier revisions of the Helm release ${namespace}/${name}`,
  });
  return found
    .map(({ metadata: { name: secret, labels } }) => ({
      secret,
      revision: Number(labels.version),
      status: labels.status,
    }))
    .sort((a, b) => b.revision - a.revision);
}

/** What was said of a revision by whoever deployed it: the release's `description`. */
export async function descriptionOf(
  api: KubernetesApi,
  { namespace, name }: ReleaseName,
  record: HelmRecord,
): Promise<string | undefined> {
  const doing = `reading revision ${record.revision} of the Helm release ${namespace}/${name}`;
  try {
    const at = `${secrets(namespace)}/${record.secret}`;
    return readDescription((await api.get<{ data: { release: string } }>(at, { doing })).data.release);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Helm keeps gzipped JSON in base64, which the API has in base64 once more. */
export function readDescription(data: string): string | undefined {
  const packed = Buffer.from(Buffer.from(data, "base64").toString("ascii"), "base64");
  return (JSON.parse(gunzipSync(packed).toString("utf8")) as { info?: { description?: string } }).info?.description;
}

/** Has Helm forget a revision. What it deployed stays as it is. */
export async function forget(
  api: KubernetesApi,
  { namespace, name }: ReleaseName,
  { secret, revision, status }: HelmRecord,
): Promise<void> {
  await api.remove(`${secrets(namespace)}/${secret}`, {
    doing: `deleting revision ${revision} (${status}) of the Helm release ${namespace}/${name}`,
  });
}

function secrets(namespace: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
}

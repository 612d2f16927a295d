import { gunzipSync } from "node:zlib";
import { loadAll } from "js-yaml";
import type { Kubectl } from "./kubectl";
import type { LabStack } from "../stacks/lab-stack";
import type { StateResource } from "../../../checks/stack-state";
import { nameOf } from "../stacks/stack-cli";

/** An object of the API, as far as it says who it is and who made it. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string> };
}

/** A release as Helm keeps it in a Secret. */
export interface HelmRelease {
  name: string;
  namespace: string;
  manifest: string;
}

/** A cluster with everything that its API server lists, and those who may own objects in it. */
export interface Owned {
  objects: ApiObject[];
  pulumi: StateResource[];
  helm: HelmRelease[];
}

/** Who owns each object, by its identity. */
export type Owners = Map<string, string[]>;

const TRACKING = "argocd.argoproj.io/tracking-id";

/** An object is the same in every version of its API. */
const groupOf = (apiVersion: string) => (apiVersion.includes("/") ? apiVersion.replace(/\/.*$/, "") : "");
const identityOf = (group: string, kind: string, namespace: string, name: string) =>
  `${group}/${kind} ${namespace}/${name}`;

/** The owners of all objects that are in the cluster. One without an owner, as a ReplicaSet, was made by the cluster itself. */
export function ownersOf({ objects, pulumi, helm }: Owned): Owners {
  const owners: Owners = new Map(
    objects.map(({ apiVersion, kind, metadata }) => [
      identityOf(groupOf(apiVersion), kind, metadata.namespace ?? "", metadata.name),
      [],
    ]),
  );
  const add = (owner: string, group: string, kind: string, namespace: string, name: string) => {
    // What isn't in a namespace is there without one, whatever its manifest says.
    const found = owners.get(identityOf(group, kind, namespace, name)) ?? owners.get(identityOf(group, kind, "", name));
    if (found && !found.includes(owner)) found.push(owner);
  };
  for (const resource of pulumi) {
    const { custom, inputs, outputs } = resource;
    const { apiVersion, kind, metadata } = { ...inputs, ...outputs } as Partial<ApiObject>;
    if (!custom || !apiVersion || !kind || !metadata) continue;
    add(`Pulumi ${nameOf(resource)}`, groupOf(apiVersion), kind, metadata.namespace ?? "default", metadata.name);
  }
  for (const { name: release, namespace, manifest } of helm) {
    for (const object of loadAll(manifest) as (ApiObject | null)[]) {
      if (!object) continue;
      const { apiVersion, kind, metadata } = object;
      add(`Helm ${release}`, groupOf(apiVersion), kind, metadata.namespace ?? namespace, metadata.name);
    }
  }
  for (const { apiVersion, kind, metadata } of objects) {
    const own = [groupOf(apiVersion), kind, metadata.namespace ?? "", metadata.name] as const;
    // Controllers copy annotations to what they make: only an object that is itself named in it is Argo CD's.
    const tracked = /^([^:]+):([^/]*)\/([^:]+):([^/]*)\/(.+)$/.exec(metadata.annotations?.[TRACKING] ?? "");
    if (tracked?.[2] === own[0] && tracked[3] === own[1] && tracked[5] === own[3]) {
      add(`Argo CD ${tracked[1]}`, ...own);
    }
  }
  return owners;
}

/** The objects with several owners, each with them. */
export function contested(owners: Owners): string[] {
  return [...owners].filter(([, names]) => names.length > 1).map(([object, names]) => `${object}: ${names.join(", ")}`);
}

/** Everything that can be listed, of every kind that the API server has, and everybody who may own some of it. */
export async function readOwned(stack: LabStack, kubectl: Kubectl): Promise<Owned> {
  const kinds = (await kubectl.run("api-resources", "--verbs=list", "-o", "name")).trim().split("\n");
  // Events come and go, and metrics are no objects.
  const listed = kinds.filter((kind) => !/^events(\.|$)|\.metrics\.k8s\.io$/.test(kind));
  const { items } = await kubectl.json<{ items: (ApiObject & { type?: string; data?: Record<string, string> })[] }>(
    "get",
    listed.join(","),
    "-A",
  );
  return {
    objects: items,
    pulumi: (await stack.resources()).filter(({ type }) => type.startsWith("kubernetes:")),
    helm: latest(items.filter(({ type }) => type === "helm.sh/release.v1").map(({ data }) => releaseIn(data?.release))),
  };
}

/** Helm packs a release, writes it in base64, and the API does so once more. */
function releaseIn(data = ""): HelmRelease & { version: number } {
  const packed = Buffer.from(Buffer.from(data, "base64").toString(), "base64");
  return JSON.parse(gunzipSync(packed).toString()) as HelmRelease & { version: number };
}

/** Helm keeps earlier versions too: what they had is no longer theirs. */
function latest(releases: (HelmRelease & { version: number })[]): HelmRelease[] {
  const sorted = releases.sort((one, other) => one.version - other.version);
  return [...new Map(sorted.map((release) => [`${release.namespace}/${release.name}`, release])).values()];
}

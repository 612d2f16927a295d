import { type ApiObject, contested, type Owned, ownersOf } from "../../harness/api/owners";

const TRACKING = "argocd.argoproj.io/tracking-id";

function object(kind: string, namespace: string | undefined, name: string, tracking?: string): ApiObject {
  const annotations = tracking === undefined ? {} : { annotations: { [TRACKING]: tracking } };
  return { apiVersion: "v1", kind, metadata: { name, ...(namespace ? { namespace } : {}), ...annotations } };
}

const manifest = (...objects: ApiObject[]) => objects.map((one) => JSON.stringify(one)).join("\n---\n");
const ofPulumi = (inputs: ApiObject) => ({
  urn: "urn:pulumi:lab::homelab::a:b:C::mine",
  type: "kubernetes:x",
  custom: true,
  inputs: { ...inputs },
});

/** An object of each owner, and one without an owner. */
const cluster: Owned = {
  objects: [
    object("Namespace", undefined, "argocd"),
    object("ConfigMap", "argocd", "settings"),
    object("ConfigMap", "hello", "page", "hello:/ConfigMap:hello/page"),
    object("ConfigMap", "hello", "kube-root-ca.crt"),
  ],
  pulumi: [ofPulumi(object("Namespace", undefined, "argocd"))],
  helm: [{ name: "argocd", namespace: "argocd", manifest: manifest(object("ConfigMap", undefined, "settings")) }],
};

test("each object has the owner that made it, and what the cluster makes has none", () => {
  expect(Object.fromEntries(ownersOf(cluster))).toEqual({
    "/Namespace /argocd": ["Pulumi mine"],
    "/ConfigMap argocd/settings": ["Helm argocd"],
    "/ConfigMap hello/page": ["Argo CD hello"],
    "/ConfigMap hello/kube-root-ca.crt": [],
  });
  expect(contested(ownersOf(cluster))).toEqual([]);
});

test("objects of one name in different namespaces or of different kinds are different objects", () => {
  const objects = [
    ...cluster.objects,
    object("Secret", "hello", "page"),
    object("ConfigMap", "other", "page", "other:/ConfigMap:other/page"),
  ];
  const helm = [
    ...cluster.helm,
    { name: "x", namespace: "hello", manifest: manifest(object("Secret", "hello", "page")) },
  ];
  expect(contested(ownersOf({ ...cluster, objects, helm }))).toEqual([]);
});

test("an annotation that was copied from another object makes no owner", () => {
  const copied = object("Endpoints", "argocd", "settings", "hello:/Service:argocd/settings");
  expect(ownersOf({ ...cluster, objects: [copied] }).get("/Endpoints argocd/settings")).toEqual([]);
});

test("two of Pulumi, Helm and Argo CD that own one object are named, in every combination", () => {
  const helm = [{ name: "other", namespace: "hello", manifest: manifest(object("ConfigMap", undefined, "page")) }];
  expect(contested(ownersOf({ ...cluster, helm: [...cluster.helm, ...helm] }))).toEqual([
    "/ConfigMap hello/page: Helm other, Argo CD hello",
  ]);
  const pulumi = [...cluster.pulumi, ofPulumi(object("ConfigMap", "argocd", "settings"))];
  expect(contested(ownersOf({ ...cluster, pulumi }))).toEqual(["/ConfigMap argocd/settings: Pulumi mine, Helm argocd"]);
  const tracked = object("Namespace", undefined, "argocd", "hello:/Namespace:/argocd");
  expect(contested(ownersOf({ ...cluster, objects: [tracked] }))).toEqual([
    "/Namespace /argocd: Pulumi mine, Argo CD hello",
  ]);
  const two = [{ name: "second", namespace: "argocd", manifest: manifest(object("ConfigMap", undefined, "settings")) }];
  expect(contested(ownersOf({ ...cluster, helm: [...cluster.helm, ...two] }))).toHaveLength(1);
});

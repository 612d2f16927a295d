import { createHash } from "node:crypto";
import type { GitSource } from "../../../providers/argocd/applications";
import type { GitopsSettings } from "../../../settings";

/** The namespace in which Argo CD reads its own objects. */
export const NAMESPACE = "argocd";
/** Name of the root Application. */
export const ROOT = "root";
/** Name of the root Application's project. A repository may have projects of its own, of other names. */
export const PROJECT = "homelab-root";
/** Prefix of the annotations, and of a label, by which ApplicationSets in the repository learn where they came from. */
const ANNOTATIONS = "gitops.homelab";

/** A Secret's name and marks: by the labels Argo CD finds it. */
export interface SecretMarks {
  name: string;
  labels: Record<string, string>;
  annotations?: Record<string, string>;
}

/** Argo CD's own secret. Argo CD adds more to it: the key of its sessions and its certificate. */
export const ADMIN_SECRET: SecretMarks = {
  name: "argocd-secret",
  labels: { "app.kubernetes.io/name": "argocd-secret", "app.kubernetes.io/part-of": "argocd" },
};

export const REPOSITORY_SECRET: SecretMarks = {
  name: "gitops-repository",
  labels: { "argocd.argoproj.io/secret-type": "repository" },
};

/**
 * The cluster itself, as Argo CD keeps clusters. ApplicationSets get repository, revision and folder from its annotations: so
 * the same files do for every stack, and for every copy of the repository.
 */
export function clusterSecretMarks(gitops: GitopsSettings): SecretMarks {
  return {
    name: "in-cluster",
    // By this label the ApplicationSets leave out clusters that the user has added.
    labels: { "argocd.argoproj.io/secret-type": "cluster", [`${ANNOTATIONS}/cluster`]: "this" },
    annotations: {
      [`${ANNOTATIONS}/repo-url`]: gitops.repoURL,
      [`${ANNOTATIONS}/revision`]: gitops.revision,
      // Ends in a slash, or is empty: it is put before `apps/*`.
      [`${ANNOTATIONS}/folder`]: gitops.path === "." ? "" : `${gitops.path}/`,
    },
  };
}

export const CLUSTER_DATA = {
  name: "in-cluster",
  server: "https://kubernetes.default.svc",
  config: JSON.stringify({ tlsClientConfig: { insecure: false } }),
};

/** What a login at the repository needs; nothing for one that everybody may read. Secret. */
export function repositoryData(gitops: GitopsSettings): Record<string, string> | undefined {
  const { repoURL, username, password, sshPrivateKey } = gitops;
  const repository = { type: "git", url: repoURL };
  if (sshPrivateKey) return { ...repository, sshPrivateKey: withLineEnd(sshPrivateKey.reveal()) };
  if (username && password) return { ...repository, username, password: password.reveal() };
  return undefined;
}

/** OpenSSH refuses a key whose last line doesn't end. */
function withLineEnd(key: string): string {
  return key.endsWith("\n") ? key : `${key}\n`;
}

/** Changes with the credentials. */
export function credentialsDigest(gitops: GitopsSettings): string {
  return createHash("sha256")
    .update(JSON.stringify(repositoryData(gitops) ?? {}))
    .digest("hex");
}

export function sourceOf({ repoURL, path, revision }: GitopsSettings): GitSource {
  return { repoURL, path, targetRevision: revision };
}

/**
 * The root Application's own project, for it alone: rights on, and limits of, Argo CD's project `default` are then about the user's
 * Applications only. It may deploy anything, as whoever can change the repository may, but from that repository alone.
 */
export function rootProject({ repoURL }: GitopsSettings) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AppProject",
    metadata: { name: PROJECT, namespace: NAMESPACE },
    spec: {
      description: "The root Application, which deploys what is in the repository of homelab:gitops",
      // A pattern, in which the brackets of an IPv6 address would be a list of characters.
      sourceRepos: [repoURL.includes("[") ? "*" : repoURL],
      destinations: [{ server: CLUSTER_DATA.server, namespace: "*" }],
      clusterResourceWhitelist: [{ group: "*", kind: "*" }],
    },
  };
}

/** The Application that deploys what is in the repository, and takes it back when it is deleted. */
export function rootApplication(gitops: GitopsSettings) {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: ROOT, namespace: NAMESPACE, finalizers: ["resources-finalizer.argocd.argoproj.io"] },
    spec: {
      project: PROJECT,
      source: sourceOf(gitops),
      destination: { server: CLUSTER_DATA.server, namespace: NAMESPACE },
      syncPolicy: {
        automated: { prune: true, selfHeal: true },
        // An annotation with the whole object, as client-side apply leaves it, has no room for the largest CRDs.
        syncOptions: ["ServerSideApply=true"],
        retry: { limit: 5, backoff: { duration: "5s", factor: 2, maxDuration: "3m" } },
      },
    },
  };
}

/** Values of a Secret as the API has them. */
export function encoded(data: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([name, value]) => [name, Buffer.from(value).toString("base64")]));
}

/** The parts of an Argo CD Application that are read here. */
export interface Application {
  metadata: {
    name: string;
    namespace?: string;
    deletionTimestamp?: string;
    annotations?: Record<string, string>;
  };
  spec?: { source?: GitSource };
  status?: {
    sync?: { status?: string; comparedTo?: { source?: GitSource } };
    health?: { status?: string; message?: string };
    conditions?: { type: string; message: string }[];
    operationState?: { phase?: string; message?: string };
    resources?: { kind: string; name: string; status?: string; health?: { status?: string; message?: string } }[];
  };
}

export interface GitSource {
  repoURL: string;
  path?: string;
  targetRevision?: string;
}

/** Asks Argo CD to read the repository again. Argo CD removes the annotation when it writes what it found. */
export const REFRESH = "argocd.argoproj.io/refresh";

/** How far the first sync is. `failing` may still recover, as while Argo CD's own parts start. */
export type Progress = { state: "done" } | { state: "waiting" | "failing"; why: string };

/** The progress of an Application that is to follow `source`. */
export function progressOf(application: Application | undefined, source: GitSource): Progress {
  const status = application?.status;
  if (!application || !status) return { state: "waiting", why: "Argo CD has not processed it yet" };
  // Its status is from before: with another password, for example.
  if (isAsking(application)) {
    return { state: "waiting", why: "Argo CD has not asked the repository again yet" };
  }
  const complaint = status.conditions?.find(({ type }) => /Error$/.test(type));
  if (complaint) return { state: "failing", why: `${complaint.type}: ${complaint.message}` };
  if (!sameSource(status.sync?.comparedTo?.source, source))
    return { state: "waiting", why: "Argo CD has not compared the repository with the cluster yet" };
  const { phase, message } = status.operationState ?? {};
  if (phase === "Failed" || phase === "Error") return { state: "failing", why: `sync ${phase}: ${message ?? ""}` };
  const [sync, health] = [status.sync?.status ?? "Unknown", status.health?.status ?? "Unknown"];
  if (sync === "Synced" && health === "Healthy") return { state: "done" };
  return { state: "waiting", why: [`it is ${sync} and ${health}`, ...notDone(application)].join("; ") };
}

/** It was told to ask the repository again, and has not yet. */
export function isAsking(application: Application | undefined): boolean {
  return application?.metadata.annotations?.[REFRESH] !== undefined;
}

function sameSource(compared: GitSource | undefined, wanted: GitSource): boolean {
  return (
    compared?.repoURL === wanted.repoURL &&
    (compared.path ?? ".") === (wanted.path ?? ".") &&
    compared.targetRevision === wanted.targetRevision
  );
}

/** Resources that keep it from being Synced and Healthy. */
function notDone({ status }: Application): string[] {
  return (status?.resources ?? [])
    .filter(({ status: sync, health }) => sync === "OutOfSync" || (health?.status ?? "Healthy") !== "Healthy")
    .map(({ kind, name, status: sync, health }) =>
      [`${kind} ${name} is ${[sync, health?.status].filter(Boolean).join(" and ")}`, health?.message]
        .filter(Boolean)
        .join(": "),
    );
}

const CREDENTIALS = "gitops.username and gitops.password, or gitops.sshPrivateKey";

/** What to correct, by what Git (go-git, git, ssh), its servers (GitHub, GitLab, Gitea, Bitbucket, Azure) and Argo CD say. */
const actions: [said: RegExp, action: string][] = [
  [
    /x509:|certificate signed by unknown authority/i,
    "Argo CD doesn't trust the server's certificate: add the one that signed it with addons.argocd.values (configs.tls.certificates)",
  ],
  [
    /ssh: no key found|ssh: unsupported key type|passphrase|encrypted private key|load key ".*":|error in libcrypto/i,
    "Correct gitops.sshPrivateKey: Argo CD can't read it; it is a whole private key, without a passphrase",
  ],
  [/app path does not exist/i, "Correct gitops.path: the repository has no such folder at this revision"],
  [
    /repository( '[^']*')? not found|repository .*does not exist|does not appear to be a git repository|no such repository|cannot find repository|project you were looking for|do(es)? not have (access|permissions?)|don't have permission|\b404\b/i,
    `Correct gitops.repoURL, or the credentials (${CREDENTIALS}): servers say the same of a repository that isn't there and of one that the credentials don't open`,
  ],
  [
    /unable to resolve '|couldn't find remote ref|reference not found|revision .*not found/i,
    "Correct gitops.revision: the repository has no such branch, tag or commit",
  ],
  [
    /authentication (required|failed)|authorization failed|invalid (credentials|auth method|username or)|bad credentials|(permission|access) denied|unable to authenticate|could not read (username|password)|invalid key id|not allowed to download|password authentication|\b40[13]\b/i,
    `Correct the credentials: ${CREDENTIALS}. Where they are right, correct gitops.repoURL: some servers ask for a login where there is no such repository`,
  ],
  [
    /knownhosts: key mismatch/i,
    "The server has another SSH key than Argo CD knows: find out why before you change addons.argocd.values (configs.ssh.extraHosts)",
  ],
  [
    /knownhosts|host key/i,
    "Argo CD doesn't know the server's SSH key: add it with addons.argocd.values (configs.ssh.extraHosts)",
  ],
  [
    /not found|no such host|could not resolve host|server misbehaving|connection refused|connection timed out|i\/o timeout|no route to host|dial tcp/i,
    "Correct gitops.repoURL, and see that the nodes can reach it",
  ],
];

/** Whether a complaint is about who the server is: Argo CD's pods get that from ConfigMaps, as files. */
export function aboutServerIdentity(why: string): boolean {
  return /knownhosts|host key|x509:|certificate signed by unknown authority/i.test(why);
}

export function actionFor(why: string): string {
  const found = actions.find(([said]) => said.test(why));
  return found?.[1] ?? "Fix it in the repository, or correct gitops.repoURL, gitops.path and gitops.revision";
}

import { actionFor, type Application, progressOf, REFRESH } from "../../../providers/argocd/applications";
import { applicationsGuard } from "../../../providers/argocd/applications-guard";
import { untilSynced } from "../../../providers/argocd/sync-driver";
import { untilNoneLeft } from "../../../providers/guard";
import type { SshTarget } from "../../../providers/host/ssh/target";

const source = { repoURL: "https://git.example/gitops.git", path: ".", targetRevision: "main" };
const controlPlane = { name: "cp1" } as SshTarget;
/** Seconds: of what a test isn't about there is plenty, because workstations are slow at times. */
const patient = { limit: 60, grace: 60, filesGrace: 60, pause: 0.002 };
const quick = { ...patient, grace: 0.01, filesGrace: 0.01 };

function application(status: Application["status"], metadata = {}): Application {
  return { metadata: { name: "root", namespace: "argocd", ...metadata }, spec: { source }, status };
}

const synced = application({
  sync: { status: "Synced", comparedTo: { source } },
  health: { status: "Healthy" },
  operationState: { phase: "Succeeded" },
});

describe("how far the first sync is", () => {
  test("it is done when the Application is Synced and Healthy", () => {
    expect(progressOf(synced, source)).toEqual({ state: "done" });
  });

  test("what Argo CD found out about another revision doesn't count", () => {
    expect(progressOf(synced, { ...source, targetRevision: "v2" })).toMatchObject({ state: "waiting" });
  });

  test("an Application that isn't there, or that Argo CD has not processed, is waited for", () => {
    expect(progressOf(undefined, source).state).toBe("waiting");
    expect(progressOf(application(undefined), source).state).toBe("waiting");
  });

  test("a status from before Argo CD asks the repository again doesn't count", () => {
    const asked = {
      ...synced,
      metadata: { ...synced.metadata, annotations: { "argocd.argoproj.io/refresh": "hard" } },
    };
    expect(progressOf(asked, source)).toEqual({
      state: "waiting",
      why: "Argo CD has not asked the repository again yet",
    });
    const conditions = [{ type: "ComparisonError", message: "authentication required" }];
    expect(progressOf({ ...asked, status: { ...asked.status, conditions } }, source).state).toBe("waiting");
  });

  test("an error is reported in Argo CD's own words", () => {
    const conditions = [{ type: "ComparisonError", message: "rpc error: authentication required" }];
    expect(progressOf(application({ conditions }), source)).toEqual({
      state: "failing",
      why: "ComparisonError: rpc error: authentication required",
    });
  });

  test("a failed sync is reported with its message", () => {
    const status = { ...synced.status, operationState: { phase: "Failed", message: "one or more objects failed" } };
    expect(progressOf(application(status), source)).toEqual({
      state: "failing",
      why: "sync Failed: one or more objects failed",
    });
  });

  test("what keeps it from being healthy is named", () => {
    const resources = [
      { kind: "Service", name: "web", status: "Synced" },
      { kind: "Deployment", name: "web", status: "Synced", health: { status: "Degraded", message: "no image" } },
    ];
    const status = { ...synced.status, health: { status: "Degraded" }, resources };
    expect(progressOf(application(status), source)).toEqual({
      state: "waiting",
      why: "it is Synced and Degraded; Deployment web is Synced and Degraded: no image",
    });
  });
});

/** The settings of the login, by which protocol. */
const CREDENTIALS = ["gitops.username", "gitops.password", "gitops.sshPrivateKey"];

test.each([
  ["unable to resolve 'nosuch' to a commit SHA", "gitops.revision"],
  [".: app path does not exist", "gitops.path"],
  ['Get "https://git.example": dial tcp: lookup git.example: no such host', "gitops.repoURL"],
  ["fatal: unable to access 'https://git.example/': Could not resolve host: git.example", "gitops.repoURL"],
  ["ssh: handshake failed: knownhosts: key is unknown", "configs.ssh.extraHosts"],
  ["ssh: handshake failed: knownhosts: key mismatch", "find out why"],
  ['Get "https://git.example": tls: x509: certificate signed by unknown authority', "configs.tls.certificates"],
  ["failed to list refs: ssh: no key found", "gitops.sshPrivateKey"],
  ["failed to list refs: ssh: this private key is passphrase protected", "gitops.sshPrivateKey"],
  ['Load key "/dev/shm/1": error in libcrypto git@git.example: Permission denied (publickey).', "gitops.sshPrivateKey"],
  ["Failed to load target state of 1b4031f: json: cannot unmarshal string", "in the repository"],
  ["Manifest generation error: yaml: line 3", "in the repository"],
])("what Argo CD says leads to the setting: %s", (said, setting) => {
  expect(actionFor(said)).toContain(setting);
});

test.each([
  "failed to list refs: repository not found",
  "failed to list refs: repository not found: Not found.",
  "failed to list refs: authentication required: Repository not found.",
  "ERROR: Repository not found. fatal: Could not read from remote repository.",
  "remote: Repository not found. fatal: repository 'https://git.example/gitops.git/' not found",
  "fatal: repository 'https://git.example/gitops.git/' not found",
  "ERROR: The project you were looking for could not be found or you don't have permission to view it.",
  "Gitea: Cannot find repository: you/gitops",
  "fatal: '/you/gitops.git' does not appear to be a git repository",
  "TF401019: The Git repository with name or identifier gitops does not exist or you do not have permissions for it",
])("where a server shows no repository, URL and credentials are named, the URL first: %s", (said) => {
  const action = actionFor(said);
  expect(action).toMatch(/^Correct gitops\.repoURL, or the credentials/);
  expect(CREDENTIALS.filter((setting) => !action.includes(setting))).toEqual([]);
});

test.each([
  "failed to list refs: authentication required: Unauthorized",
  "failed to list refs: authentication required: HTTP Basic: Access denied. If a password was provided …",
  "remote: HTTP Basic: Access denied",
  "remote: Invalid username or token. Password authentication is not supported for Git operations.",
  "remote: Invalid username or password.",
  "fatal: could not read Username for 'https://git.example': terminal prompts disabled",
  "Bad credentials",
  "remote: You are not allowed to download code from this project.",
  "failed to list refs: unexpected client error: 403 Forbidden",
  "ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey]",
  "git@git.example: Permission denied (publickey). fatal: Could not read from remote repository. Please make sure you have the correct access rights and the repository exists.",
  "failed to list refs: invalid auth method",
  "Gitea: Key access denied",
])("where a server refuses the login, credentials and URL are named, the credentials first: %s", (said) => {
  const action = actionFor(said);
  expect(action).toMatch(/^Correct the credentials/);
  expect([...CREDENTIALS, "gitops.repoURL"].filter((setting) => !action.includes(setting))).toEqual([]);
});

describe("waiting for the first sync", () => {
  const failing = application({ conditions: [{ type: "ComparisonError", message: "repository not found" }] });
  const asking = { ...failing, metadata: { ...failing.metadata, annotations: { [REFRESH]: "hard" } } };

  let asked: number;
  beforeEach(() => void (asked = 0));
  /** Answers these in turn, the last one again and again. */
  const argocd = (seen: (Application | undefined)[], doubtful = false) => ({
    read: async () => (seen.length > 1 ? seen.shift() : seen[0]),
    ask: async () => void asked++,
    doubtful,
  });

  test("ends when it is done", async () => {
    const seen = [undefined, synced];
    await untilSynced({ controlPlane, source }, argocd(seen), patient);
    expect([seen, asked]).toEqual([[synced], 0]);
  });

  test("an error that passes is no failure, once the repository was asked again", async () => {
    const seen = [undefined, failing, synced, asking, synced];
    await untilSynced({ controlPlane, source }, argocd(seen), patient);
    expect([seen, asked]).toEqual([[synced], 1]);
  });

  test("an error that Argo CD drops without asking the repository still counts", async () => {
    const turns = [failing, synced, asking];
    let turn = 0;
    const read = async () => turns[turn++ % turns.length];
    const times = { ...quick, limit: 5 };
    const waiting = untilSynced({ controlPlane, source }, { ...argocd([]), read }, times);
    await expect(waiting).rejects.toThrow("failed: ComparisonError: repository not found. Correct gitops.repoURL");
    expect(asked).toBeGreaterThan(0);
  });

  test("with other credentials it is asked twice: the first answer may be one to the old ones", async () => {
    const seen = [synced, asking, synced];
    await untilSynced({ controlPlane, source }, argocd(seen, true), patient);
    expect([seen, asked]).toEqual([[synced], 1]);
  });

  test("ends in an error when an error lasts: host, repository, words, setting, and how not to wait", async () => {
    const waiting = untilSynced({ controlPlane, source }, argocd([failing]), quick);
    await expect(waiting).rejects.toThrow(
      /^cp1: waiting for the first sync of https:\/\/git\.example\/gitops\.git failed: ComparisonError: repository not found\. Correct gitops\.repoURL.*gitops\.await: false$/,
    );
  });

  test("an error about who the server is may last longer: running pods see a corrected known_hosts late", async () => {
    const message = "ssh: handshake failed: knownhosts: key is unknown";
    const unknown = application({ conditions: [{ type: "ComparisonError", message }] });
    const wait = (seen: Application[], times: object) =>
      untilSynced({ controlPlane, source }, argocd(seen), { ...quick, ...times });
    const late = [...Array<Application>(20).fill(unknown), synced];
    await wait(late, { filesGrace: 60 });
    expect(late).toEqual([synced]);
    await expect(wait([unknown], {})).rejects.toThrow("configs.ssh.extraHosts");
    await expect(wait([failing], { filesGrace: 60 })).rejects.toThrow("gitops.repoURL");
  });

  test("ends in an error when nothing happens for too long", async () => {
    await expect(
      untilSynced({ controlPlane, source }, argocd([undefined]), { ...patient, limit: 0.05 }),
    ).rejects.toThrow("not Synced and Healthy after 0.05 s: Argo CD has not processed it yet");
  });
});

describe("argocd-destroy-order: Argo CD is deleted when no Application is left", () => {
  const going = application({}, { deletionTimestamp: "2026-01-01T00:00:00Z" });

  test("Applications that are going are waited for", async () => {
    const seen = [[going], [going], []];
    await untilNoneLeft(applicationsGuard, "cp1", async () => seen.shift() ?? [], patient);
    expect(seen).toEqual([]);
  });

  test("one that is not being deleted is named, with what to do", async () => {
    await expect(untilNoneLeft(applicationsGuard, "cp1", async () => [application({})], quick)).rejects.toThrow(
      /^cp1: waiting until no Application of Argo CD is left failed: still there: argocd\/root\. Nothing deletes argocd\/root: .*kubectl -n argocd delete application NAME/,
    );
  });

  test("one that can't go is named with Argo CD's reason", async () => {
    const stuck = application(
      { conditions: [{ type: "DeletionError", message: "forbidden" }] },
      { deletionTimestamp: "2026-01-01T00:00:00Z" },
    );
    await expect(
      untilNoneLeft(applicationsGuard, "cp1", async () => [stuck], { ...patient, limit: 0.05 }),
    ).rejects.toThrow(
      /still there: argocd\/root \(DeletionError: forbidden\)\. Argo CD is deleting what they deployed/,
    );
  });
});

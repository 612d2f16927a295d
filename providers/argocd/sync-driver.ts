import { difference, type Driver } from "../driver";
import { poll } from "../poll";
import { withSsh } from "../host/ssh/connect";
import { HostError } from "../host/ssh/errors";
import { runAsRootOrFail } from "../host/ssh/root";
import type { SshSession, SshTarget } from "../host/ssh/target";
import {
  aboutServerIdentity,
  actionFor,
  type Application,
  type GitSource,
  isAsking,
  type Progress,
  progressOf,
} from "./applications";
import { applicationScript, refreshScript } from "./kubectl";

export interface SyncInputs {
  controlPlane: SshTarget;
  /** Changes when the cluster is another one. */
  cluster: string;
  namespace: string;
  /** Name of the Application. */
  application: string;
  /** What it has to be in sync with. */
  source: GitSource;
  /** Changes with the credentials of the repository. */
  credentials: string;
}

/** Times in seconds. Not constants, so that tests needn't wait. */
interface SyncTimes {
  limit: number;
  /** How long an error must last: Argo CD's own parts report errors of each other while they start. */
  grace: number;
  /** The same for an error about who the server is: a changed ConfigMap comes to the files of running pods within a minute or two. */
  filesGrace: number;
  pause: number;
}

const TIMES: SyncTimes = { limit: 600, grace: 30, filesGrace: 120, pause: 2 };
const CONNECT = { timeoutSeconds: 60 };
const KUBECTL_SECONDS = 60;

/** Waiting for an Application to be Synced and Healthy for the first time. Later syncs are Argo CD's own affair. */
export const syncDriver: Driver<SyncInputs, SyncInputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["cluster", "namespace", "application"] }),

  async create(inputs) {
    await awaitSync(inputs, false);
    return { id: `${inputs.namespace}/${inputs.application}`, outputs: inputs };
  },

  async update(_id, recorded, wanted) {
    const { changes } = difference(recorded, wanted, { ignore: ["controlPlane"] });
    if (changes) await awaitSync(wanted, recorded.credentials !== wanted.credentials);
    return wanted;
  },

  async delete() {
    // It did nothing but wait.
  },
};

async function awaitSync(inputs: SyncInputs, otherCredentials: boolean): Promise<void> {
  const { namespace, application } = inputs;
  await withSsh(inputs.controlPlane, CONNECT, "waiting for the first sync", async (session) => {
    const ask = async (): Promise<void> => {
      await runAsRootOrFail(session, refreshScript(namespace, application), { timeoutSeconds: KUBECTL_SECONDS });
    };
    await ask();
    const argocd = { read: () => readApplication(session, namespace, application), ask, doubtful: otherCredentials };
    await untilSynced(inputs, argocd);
  });
}

async function readApplication(session: SshSession, namespace: string, name: string): Promise<Application | undefined> {
  const options = { timeoutSeconds: KUBECTL_SECONDS };
  const { stdout } = await runAsRootOrFail(session, applicationScript(namespace, name), options);
  return stdout.trim() === "" ? undefined : (JSON.parse(stdout) as Application);
}

/** Argo CD, as far as it is asked of one Application. */
interface AskedArgocd {
  read: () => Promise<Application | undefined>;
  /** Has it ask the repository again. `read` shows the annotation REFRESH until it has. */
  ask: () => Promise<void>;
  /** Its first answer may be from before: a moment after a change it may still use the old credentials. */
  doubtful: boolean;
}

/**
 * Waits until Argo CD says Synced and Healthy of the repository as it is now. Between two answers of the repository it compares with
 * what it remembers of it, and drops an error: it is believed only where it has asked again since the last error.
 *
 * @throws HostError in Argo CD's own words, with the setting to correct
 */
export async function untilSynced(
  inputs: Pick<SyncInputs, "controlPlane" | "source">,
  { read, ask, doubtful }: AskedArgocd,
  times: SyncTimes = TIMES,
): Promise<void> {
  const started = Date.now();
  let believed = !doubtful;
  let failingSince: number | undefined;
  const check = async () => {
    const application = await read();
    const progress = progressOf(application, inputs.source);
    const now = Date.now();
    if (progress.state === "done") {
      if (believed) return true;
      await ask();
      believed = true;
    } else {
      if (progress.state === "failing") believed = false;
      // While it is asking, the earlier error still counts.
      if (!isAsking(application)) failingSince = progress.state === "failing" ? (failingSince ?? now) : undefined;
      refuseAfter(times, inputs, progress, { started, failingSince, now });
    }
    return undefined;
  };
  await poll(check, { everySeconds: times.pause });
}

/** @throws HostError where an error, or the wait, has lasted too long */
function refuseAfter(
  times: SyncTimes,
  { controlPlane, source }: Pick<SyncInputs, "controlPlane" | "source">,
  progress: Exclude<Progress, { state: "done" }>,
  { started, failingSince, now }: { started: number; failingSince?: number; now: number },
): void {
  const failing = progress.state === "failing";
  const grace = failing && aboutServerIdentity(progress.why) ? times.filesGrace : times.grace;
  const hopeless = failing && failingSince !== undefined && now - failingSince >= grace * 1000;
  if (!hopeless && now - started < times.limit * 1000) return;
  throw new HostError({
    kind: "command",
    host: controlPlane.name,
    doing: `waiting for the first sync of ${source.repoURL}`,
    problem: hopeless ? progress.why : `not Synced and Healthy after ${times.limit} s: ${progress.why}`,
    action: `${actionFor(progress.why)}. Without the wait: gitops.await: false`,
  });
}

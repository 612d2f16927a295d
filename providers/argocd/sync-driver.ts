import { setTimeout as sleep } from "node:timers/promises";
import { difference, type Driver } from "../driver";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import { runAsRootOrFail } from "../ssh/root";
import type { SshSession, SshTarget } from "../ssh/target";
import { aboutServerIdentity, adviceFor, type Application, type GitSource, progressOf } from "./applications";
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
export interface SyncTimes {
  limit: number;
  /** So long a complaint must stand: Argo CD's own parts complain of each other while they start. */
  grace: number;
  /** The same for one about who the server is: a changed ConfigMap comes to the files of running pods within a minute or two. */
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
    await awaitSync(inputs);
    return { id: `${inputs.namespace}/${inputs.application}`, outputs: inputs };
  },

  async update(_id, recorded, wanted) {
    const { changes } = difference(recorded, wanted, { ignore: ["controlPlane"] });
    if (changes) await awaitSync(wanted);
    return wanted;
  },

  async delete() {
    // It did nothing but wait.
  },
};

async function awaitSync(inputs: SyncInputs): Promise<void> {
  const { namespace, application } = inputs;
  await withSsh(inputs.controlPlane, CONNECT, "waiting for the first sync", async (session) => {
    await runAsRootOrFail(session, refreshScript(namespace, application), { timeoutSeconds: KUBECTL_SECONDS });
    await untilSynced(inputs, () => look(session, namespace, application));
  });
}

async function look(session: SshSession, namespace: string, name: string): Promise<Application | undefined> {
  const options = { timeoutSeconds: KUBECTL_SECONDS };
  const { stdout } = await runAsRootOrFail(session, applicationScript(namespace, name), options);
  return stdout.trim() === "" ? undefined : (JSON.parse(stdout) as Application);
}

/** @throws HostError in Argo CD's own words, with the setting to correct */
export async function untilSynced(
  inputs: Pick<SyncInputs, "controlPlane" | "source">,
  lookAgain: () => Promise<Application | undefined>,
  times: SyncTimes = TIMES,
): Promise<void> {
  const started = Date.now();
  let failingSince: number | undefined;
  for (;;) {
    const progress = progressOf(await lookAgain(), inputs.source);
    if (progress.state === "done") return;
    const now = Date.now();
    failingSince = progress.state === "failing" ? (failingSince ?? now) : undefined;
    const grace = progress.state === "failing" && aboutServerIdentity(progress.why) ? times.filesGrace : times.grace;
    const hopeless = failingSince !== undefined && now - failingSince >= grace * 1000;
    if (hopeless || now - started >= times.limit * 1000) {
      const why = hopeless ? progress.why : `not Synced and Healthy after ${times.limit} s: ${progress.why}`;
      throw new HostError({
        kind: "command",
        host: inputs.controlPlane.name,
        doing: `waiting for the first sync of ${inputs.source.repoURL}`,
        why,
        next: `${adviceFor(progress.why)}. Without the wait: gitops.await: false`,
      });
    }
    await sleep(times.pause * 1000);
  }
}

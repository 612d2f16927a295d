import { setTimeout as sleep } from "node:timers/promises";
import { difference, type Driver } from "../driver";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import { runAsRoot } from "../ssh/root";
import { succeeded } from "../ssh/run";
import type { SshSession, SshTarget } from "../ssh/target";
import { unlessGone } from "../ssh/unless-gone";
import { warn } from "../warn";
import type { Application } from "./applications";
import { applicationsScript, CLUSTER_GONE } from "./kubectl";

export interface ApplicationsInputs {
  controlPlane: SshTarget;
  /** Changes when the cluster is another one. */
  cluster: string;
}

/** Times in seconds. */
export interface LeavingTimes {
  limit: number;
  /** So long an Application may be there that nobody deletes: those of a deleted ApplicationSet go one after the other. */
  grace: number;
  pause: number;
}

const TIMES: LeavingTimes = { limit: 600, grace: 30, pause: 2 };
const CONNECT_ON_DELETE = { timeoutSeconds: 20 };
const KUBECTL_SECONDS = 90;
const DOING = "waiting until no Application of Argo CD is left";

/**
 * Stands between Argo CD and its Applications, so that Argo CD goes last: it alone can take back what they deployed. One that
 * stays behind with its finalizer could never be deleted again, and a later Argo CD would act on it.
 */
export const applicationsDriver: Driver<ApplicationsInputs, ApplicationsInputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["cluster"] }),

  async create(inputs) {
    return { id: "applications", outputs: inputs };
  },

  async update(_id, _recorded, wanted) {
    // How the control plane is reached is only recorded, for the day on which Argo CD goes.
    return wanted;
  },

  async delete(_id, { controlPlane }) {
    await unlessGone(DOING, () =>
      withSsh(controlPlane, CONNECT_ON_DELETE, DOING, (session) =>
        untilNoneLeft(controlPlane.name, () => look(session)),
      ),
    );
  },
};

/** What is left; nothing where the cluster itself is gone, with a warning. */
async function look(session: SshSession): Promise<Application[]> {
  const result = await runAsRoot(session, applicationsScript(), { timeoutSeconds: KUBECTL_SECONDS });
  if (result.exitCode === CLUSTER_GONE) {
    warn(`${session.target.name}: ${DOING}: skipped, the cluster can't be asked: ${result.stderr.trim()}`);
    return [];
  }
  const { stdout } = succeeded(session.target.name, DOING, result);
  return (JSON.parse(stdout) as { items: Application[] }).items;
}

/** @throws HostError that lists what is left */
export async function untilNoneLeft(
  host: string,
  lookAgain: () => Promise<Application[]>,
  times: LeavingTimes = TIMES,
): Promise<void> {
  const started = Date.now();
  for (;;) {
    const left = await lookAgain();
    if (left.length === 0) return;
    const seconds = (Date.now() - started) / 1000;
    const kept = left.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (seconds >= times.limit || (seconds >= times.grace && kept.length > 0)) throw stillThere(host, left, kept);
    await sleep(times.pause * 1000);
  }
}

function stillThere(host: string, left: Application[], kept: Application[]): HostError {
  const name = ({ metadata }: Application) => `${metadata.namespace ?? "argocd"}/${metadata.name}`;
  const words = left.map((application) => {
    const said = application.status?.conditions?.map(({ type, message }) => `${type}: ${message}`).join("; ");
    return said ? `${name(application)} (${said})` : name(application);
  });
  return new HostError({
    kind: "command",
    host,
    doing: DOING,
    why: `still there: ${words.join(", ")}`,
    next:
      kept.length > 0
        ? `Nothing deletes ${kept.map(name).join(", ")}: they are not of the repository in gitops. Delete them yourself (kubectl -n argocd delete application NAME), then run the same command again`
        : "Argo CD is taking back what they deployed and can't: see the reasons, and its application-controller's log; then run the same command again",
  });
}

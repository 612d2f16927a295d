import { CLUSTER_GONE } from "../../shell/cluster";
import { difference, type Driver } from "../driver";
import { type LeavingTimes, untilNoneLeft as untilGone } from "../left";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import { runAsRoot } from "../ssh/root";
import { succeeded } from "../ssh/run";
import type { SshSession, SshTarget } from "../ssh/target";
import { unlessGone } from "../ssh/unless-gone";
import { warn } from "../warn";
import type { Application } from "./applications";
import { applicationsScript } from "./kubectl";

export interface ApplicationsInputs {
  controlPlane: SshTarget;
  /** Changes when the cluster is another one. */
  cluster: string;
}

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

/**
 * Those of a deleted ApplicationSet go one after the other.
 *
 * @throws HostError that lists what is left
 */
export function untilNoneLeft(
  host: string,
  lookAgain: () => Promise<Application[]>,
  times?: LeavingTimes,
): Promise<void> {
  return untilGone(lookAgain, (left, kept) => stillThere(host, left, kept), times);
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

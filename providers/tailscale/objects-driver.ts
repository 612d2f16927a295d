import { CLUSTER_GONE } from "../../shell/cluster";
import { difference, type Driver } from "../driver";
import { type LeavingTimes, untilNoneLeft } from "../left";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import { runAsRoot } from "../ssh/root";
import { succeeded } from "../ssh/run";
import type { SshSession, SshTarget } from "../ssh/target";
import { unlessGone } from "../ssh/unless-gone";
import { warn } from "../warn";
import { takenUpScript } from "./objects-script";

export interface ObjectsInputs {
  controlPlane: SshTarget;
  /** Changes when the cluster is another one. */
  cluster: string;
}

/** An object that the operator has taken up. */
export interface TakenUp {
  kind: string;
  metadata: { name: string; namespace?: string; deletionTimestamp?: string };
}

const CONNECT_ON_DELETE = { timeoutSeconds: 20 };
const KUBECTL_SECONDS = 90;
const DOING = "waiting until no object needs Tailscale's operator";

/**
 * Stands between Tailscale's operator and what it has taken up, so that the operator goes last: an object that stays behind with its
 * finalizer could never be deleted again, and its device would stay in the tailnet.
 */
export const tailscaleObjectsDriver: Driver<ObjectsInputs, ObjectsInputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["cluster"] }),

  async create(inputs) {
    return { id: "objects", outputs: inputs };
  },

  async update(_id, _recorded, wanted) {
    // How the control plane is reached is only recorded, for the day on which the operator goes.
    return wanted;
  },

  async delete(_id, { controlPlane }) {
    await unlessGone(DOING, () =>
      withSsh(controlPlane, CONNECT_ON_DELETE, DOING, (session) => untilLetGo(controlPlane.name, () => look(session))),
    );
  },
};

/** @throws HostError that lists what is left, and how it goes */
export function untilLetGo(host: string, lookAgain: () => Promise<TakenUp[]>, times?: LeavingTimes): Promise<void> {
  return untilNoneLeft(lookAgain, (left, kept) => stillThere(host, left, kept), times);
}

/** What is left; nothing where the cluster itself is gone, with a warning. */
async function look(session: SshSession): Promise<TakenUp[]> {
  const result = await runAsRoot(session, takenUpScript(), { timeoutSeconds: KUBECTL_SECONDS });
  if (result.exitCode === CLUSTER_GONE) {
    warn(`${session.target.name}: ${DOING}: skipped, the cluster can't be asked: ${result.stderr.trim()}`);
    return [];
  }
  return parseTakenUp(succeeded(session.target.name, DOING, result).stdout);
}

/** Reads what the script prints. */
export function parseTakenUp(text: string): TakenUp[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [kind = "", namespace, name = "", deletionTimestamp] = line.split("|");
      return {
        kind: kind.toLowerCase(),
        metadata: {
          name,
          ...(namespace ? { namespace } : {}),
          ...(deletionTimestamp ? { deletionTimestamp } : {}),
        },
      };
    });
}

function stillThere(host: string, left: TakenUp[], kept: TakenUp[]): HostError {
  const named = ({ kind, metadata: { namespace, name } }: TakenUp) =>
    `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
  return new HostError({
    kind: "command",
    host,
    doing: DOING,
    why: `the operator has taken up, and alone can let go: ${left.map(named).join(", ")}`,
    next:
      kept.length > 0
        ? `Delete them while it runs, in the repository where they come from one, else by: ${kept.map(deleting).join("; ")}. Then run the same command again`
        : `They are being deleted, and the operator doesn't let them go: kubectl -n tailscale logs deployment/operator says why. Where it never will, as with an OAuth client that was revoked, remove their devices in the admin console, and their finalizers by: ${left.map(releasing).join("; ")}. Then run the same command again`,
  });
}

function deleting(object: TakenUp): string {
  return `kubectl${inNamespace(object)} delete ${object.kind} ${object.metadata.name}`;
}

function releasing(object: TakenUp): string {
  const { kind, metadata } = object;
  return `kubectl${inNamespace(object)} patch ${kind} ${metadata.name} --type merge -p '{"metadata":{"finalizers":null}}'`;
}

function inNamespace({ metadata: { namespace } }: TakenUp): string {
  return namespace ? ` -n ${namespace}` : "";
}

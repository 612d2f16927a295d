import { dump } from "js-yaml";
import {
  awaitSilentNodeScript,
  deleteTokenScript,
  joinScript,
  joinTokenScript,
  knownNodeScript,
  kubeletSettingsScript,
  leaveScript,
  prepareJoinScript,
  removeNodeScript,
} from "./join-script";
import { stepScript } from "../host/shell/script";
import { difference, type Driver } from "../driver";
import { withSsh } from "../host/ssh/connect";
import { runAsRootOrFail } from "../host/ssh/root";
import type { SshSession, SshTarget } from "../host/ssh/target";
import { skipIfUnreachable } from "../host/ssh/skip-if-unreachable";
import { warn } from "../warn";
import { totalSeconds } from "../../settings/duration";

export interface JoinInputs {
  /** Name of the node in the cluster. */
  nodeName: string;
  /** The host that joins. */
  node: SshTarget;
  /** A control plane of the cluster. */
  controlPlane: SshTarget;
  /** Changes when the host is replaced. */
  incarnation: string;
  /** Changes when the cluster is another one. */
  cluster: string;
  /** kubeadm's JoinConfiguration without `discovery`. */
  config: Record<string, unknown>;
  /** Kubelet settings of this node alone, as a kubeadm patch; empty for none. */
  kubeletPatch: string;
}

const CONNECT = { timeoutSeconds: 60 };
/** A control plane that is gone must not keep `destroy` from ending. */
const CONNECT_ON_DELETE = { timeoutSeconds: 20 };
/** What is there may have to be taken back first. */
const PREPARE_LIMIT_SECONDS = 900;
/** One call of kubeadm or kubectl, on a host of a tenth of the usual speed too. */
const SHORT_LIMIT_SECONDS = 240;
const DRAIN_LIMIT_SECONDS = 300;

/**
 * A node's membership. It is not a command resource because a join needs a token: this makes one on the control plane,
 * hands it to the host over stdin, and deletes it; it never reaches inputs, outputs or state, so a join that died is
 * repeated with a fresh one.
 */
export const joinDriver: Driver<JoinInputs, JoinInputs> = {
  // What mattered while the node registered is no reason to join again.
  diff: (_id, recorded, wanted) =>
    difference(recorded, wanted, {
      replaceOn: ["nodeName", "incarnation", "cluster"],
      ignore: ["config"],
      deleteBeforeReplace: true,
    }),

  async create(inputs) {
    await withSsh(inputs.controlPlane, CONNECT, `preparing the join of ${inputs.nodeName}`, async (controlPlane) => {
      const { nodeName, config, kubeletPatch, cluster } = inputs;
      const limit = joinLimitSeconds(config);
      const known = (await output(controlPlane, knownNodeScript(nodeName))) === "yes";
      const token = parseJoinCommand(
        await output(controlPlane, joinTokenScript(nodeName, PREPARE_LIMIT_SECONDS + limit)),
      );
      try {
        await withSsh(inputs.node, CONNECT, "joining the cluster", async (node) => {
          const prepare = prepareJoinScript({ endpoint: token.endpoint, cluster, known });
          const before = await runScript(node, "kubeadm-join", prepare, PREPARE_LIMIT_SECONDS);
          if (before.trim() === "joined") return;
          if (known) await output(controlPlane, awaitSilentNodeScript(nodeName));
          const join = joinScript({ config: withDiscovery(config, token), kubeletPatch, cluster });
          await runScript(node, "kubeadm-join", join, limit);
        });
      } finally {
        await output(controlPlane, deleteTokenScript(token.id));
      }
    });
    return { id: inputs.nodeName, outputs: inputs };
  },

  async update(_id, recorded, wanted) {
    if (recorded.kubeletPatch !== wanted.kubeletPatch) {
      await withSsh(wanted.node, CONNECT, "changing the kubelet's settings", (session) =>
        runScript(session, "kubelet-settings", kubeletSettingsScript(wanted.kubeletPatch), SHORT_LIMIT_SECONDS),
      );
    }
    // How the hosts are reached is only recorded, for the day on which the node leaves.
    return wanted;
  },

  async delete(_id, recorded) {
    await skipIfUnreachable(`removing node ${recorded.nodeName} from the cluster`, () =>
      withSsh(recorded.controlPlane, CONNECT_ON_DELETE, `removing node ${recorded.nodeName}`, async (session) => {
        const said = await runScript(session, "remove-node", removeNodeScript(recorded.nodeName), DRAIN_LIMIT_SECONDS);
        for (const line of said.split("\n").filter(Boolean)) warn(`${recorded.nodeName}: ${line}`);
      }),
    );
    await skipIfUnreachable("removing what kubeadm left on the host", () =>
      withSsh(recorded.node, CONNECT_ON_DELETE, "leaving the cluster", (session) =>
        runScript(session, "kubeadm-leave", leaveScript(), PREPARE_LIMIT_SECONDS),
      ),
    );
  },
};

interface JoinToken {
  /** The public part, by which a token is deleted. */
  id: string;
  token: string;
  endpoint: string;
  caCertHash: string;
}

/** Reads what `kubeadm token create --print-join-command` prints. */
export function parseJoinCommand(text: string): JoinToken {
  const match =
    /kubeadm join (\S+) --token ([a-z0-9]{6})\.([a-z0-9]{16}) --discovery-token-ca-cert-hash (sha256:[0-9a-f]{64})/.exec(
      text,
    );
  // The text may hold a token: it is not part of the message.
  if (!match)
    throw new Error(
      "the control plane's 'kubeadm token create' printed something unexpected; is kubeadm another version?",
    );
  const [, endpoint = "", id = "", secret = "", caCertHash = ""] = match;
  return { id, token: `${id}.${secret}`, endpoint, caCertHash };
}

/** How long all of `kubeadm join` may take, in seconds: its own limits, and the time between. */
function joinLimitSeconds({ timeouts = {} }: Record<string, unknown>): number {
  return 300 + totalSeconds(timeouts as Record<string, string>);
}

function withDiscovery(config: Record<string, unknown>, token: JoinToken): string {
  return dump(
    {
      ...config,
      discovery: {
        bootstrapToken: {
          apiServerEndpoint: token.endpoint,
          token: token.token,
          caCertHashes: [token.caCertHash],
        },
      },
    },
    { sortKeys: true, lineWidth: -1 },
  );
}

async function output(session: SshSession, commands: string): Promise<string> {
  return (await runScript(session, "kubeadm-token", commands, SHORT_LIMIT_SECONDS)).trim();
}

async function runScript(session: SshSession, step: string, commands: string, timeoutSeconds: number): Promise<string> {
  const script = stepScript({ standalone: true, host: session.target.name, step, commands });
  return (await runAsRootOrFail(session, script, { doing: step.replace("-", " "), timeoutSeconds })).stdout;
}

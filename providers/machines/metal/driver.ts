import { difference, type Driver } from "../../driver";
import { withSsh } from "../../host/ssh/connect";
import { incarnationOf } from "../../host/ssh/host-key";
import { runAsRootOrFail } from "../../host/ssh/root";
import type { SshTarget } from "../../host/ssh/target";
import { isOf, skipIfUnreachable } from "../../host/ssh/skip-if-unreachable";
import { warn } from "../../warn";
import { undoScript } from "./undo-script";

export interface MetalHostInputs {
  target: SshTarget;
  /** The host's public key, `ssh-ed25519 AAAA…`. */
  hostKey: string;
}

export interface MetalHostOutputs extends MetalHostInputs {
  /** The fingerprint of the host key. */
  incarnation: string;
}

/** A host that is gone must not keep `destroy` from ending. */
const CONNECT = { timeoutSeconds: 60 };
/** kubeadm's reset and the removal of packages take most of it. In seconds. */
const UNDO_LIMIT_SECONDS = 900;

/**
 * A host that exists without this program: it is neither made nor deleted here. Its resource represents it, so that what is
 * done on it is done again on another machine, and is undone when the host leaves the inventory.
 */
export const metalHostDriver: Driver<MetalHostInputs, MetalHostOutputs> = {
  // The old machine may be gone, and the new one be at its address: it is taken in first, then the old one is looked for.
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["hostKey"] }),

  create: async (inputs) => ({ id: inputs.target.name, outputs: known(inputs) }),

  read: async (id, recorded) => ({
    id,
    inputs: { target: recorded.target, hostKey: recorded.hostKey },
    outputs: recorded,
  }),

  update: async (_id, _recorded, wanted) => known(wanted),

  async delete(_id, recorded) {
    const { name } = recorded.target;
    const doing = "undoing what was done on the host";
    const work = () =>
      withSsh(recorded.target, CONNECT, doing, async (session) => {
        const { stdout } = await runAsRootOrFail(session, undoScript(name), { timeoutSeconds: UNDO_LIMIT_SECONDS });
        for (const line of stdout.split("\n").filter(isKept)) warn(`${name}: ${line}`);
      });
    try {
      await skipIfUnreachable(`${name}: ${doing}`, work, IF_IT_COMES_BACK);
    } catch (error) {
      // What is deleted is reached as the last finished `up` knew it, not as the settings say now.
      if (isOf(error, "authentication")) throw new Error(`${error.message}. ${RECORD_FIRST}`, { cause: error });
      throw error;
    }
  },
};

const RECORD_FIRST = "Where the settings are right by now, run pulumi up first: it records them; then repeat this";
const IF_IT_COMES_BACK =
  "If the host is gone for good, nothing is left to do. If it comes back, take it into the inventory again, run pulumi up, and take it out";

/** What the script says of things that it did not remove. */
function isKept(line: string): boolean {
  return line.startsWith("kept ");
}

function known(inputs: MetalHostInputs): MetalHostOutputs {
  return { ...inputs, incarnation: incarnationOf(inputs.hostKey) };
}

import { warn } from "../../warn";
import { HostError, type HostErrorKind } from "./errors";

/**
 * Work on a host that may be gone for good: where it can't be reached, or another machine is there now, a warning takes the place
 * of the work. Anything else that fails is an error.
 *
 * @param doing what is skipped then, as in "removing node w1 from the cluster"
 * @param next what is left to the person at the terminal where it can't be reached.
 */
export async function skipIfUnreachable(doing: string, work: () => Promise<unknown>, next = ""): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (isOf(error, "unreachable")) warn(`${doing}: skipped, ${error.message}${next === "" ? "" : `. ${next}`}`);
    else if (isAnotherMachine(error))
      warn(`${doing}: skipped, there is another machine now, and nothing was sent to it. ${error.message}`);
    else throw error;
  }
}

/** The host can't be reached, or another machine is there now. */
export function isGone(error: unknown): boolean {
  return isOf(error, "unreachable") || isAnotherMachine(error);
}

/** A bastion that is another machine than the pinned one says nothing of the host behind it. */
function isAnotherMachine(error: unknown): error is HostError {
  return isOf(error, "host-key") && !error.message.includes("its bastion ");
}

export function isOf(error: unknown, kind: HostErrorKind): error is HostError {
  return error instanceof HostError && error.kind === kind;
}

import { warn } from "../warn";
import { HostError, type HostErrorKind } from "./errors";

/**
 * Work on a host that may be gone for good: where it can't be reached, a warning takes the place of the work. Anything else
 * that fails is an error.
 *
 * @param doing what is skipped then, as in "removing node w1 from the cluster"
 * @param next what is left to the person at the terminal.
 */
export async function unlessUnreachable(doing: string, work: () => Promise<unknown>, next = ""): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isOf(error, "unreachable")) throw error;
    warn(`${doing}: skipped, ${error.message}${next === "" ? "" : `. ${next}`}`);
  }
}

export function isOf(error: unknown, kind: HostErrorKind): error is HostError {
  return error instanceof HostError && error.kind === kind;
}

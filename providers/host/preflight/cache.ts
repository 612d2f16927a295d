import type { Inspected } from "../inspection/inspect";
import type { SshTarget } from "../ssh/target";

/**
 * What the preflight of this run saw, for the inspections that follow: the engine runs all drivers in one process, so a
 * host is logged into once for both. Each outcome is taken once: a later change of the host is inspected again.
 */
const outcomes = new Map<string, Inspected | Error>();

export function rememberInspected(target: SshTarget, outcome: Inspected | Error): void {
  outcomes.set(keyOf(target), outcome);
}

/**
 * What was seen of the host; `undefined` where the preflight did not try.
 * @throws what kept the preflight from inspecting the host: a login that failed must not be tried again
 */
export function takeInspected(target: SshTarget): Inspected | undefined {
  const key = keyOf(target);
  const outcome = outcomes.get(key);
  outcomes.delete(key);
  if (outcome instanceof Error) throw outcome;
  return outcome;
}

function keyOf({ name, host, port, user, hostKey }: SshTarget): string {
  return [name, host, port, user, hostKey].join(" ");
}

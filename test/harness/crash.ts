import { eventually } from "./eventually";
import type { LabHost } from "./lab-host";
import type { LabStack } from "./lab-stack";

/**
 * Begins an `up`, waits until a process is seen on the machine, and kills the run as a crash would: the engine and all that
 * it started on this computer, at once. Answers whether the process was seen in time.
 */
export async function killWhen(
  stack: LabStack,
  machine: LabHost,
  processPattern: string,
  ...args: string[]
): Promise<boolean> {
  return killOnce(stack, () => machine.succeeds(`pgrep -f ${JSON.stringify(processPattern)}`), { args });
}

/** Like `killWhen`, as soon as the answer is true, and after a further delay. */
export async function killOnce(
  stack: LabStack,
  ask: () => Promise<boolean>,
  options: { args?: string[]; delayMs?: number } = {},
): Promise<boolean> {
  const running = stack.start("up", "--yes", "--skip-preview", ...(options.args ?? []));
  const seen = await eventually(ask, 300, 100);
  await new Promise((resolve) => setTimeout(resolve, options.delayMs ?? 0));
  process.kill(-running.pid, "SIGKILL");
  await running.ended;
  return seen;
}

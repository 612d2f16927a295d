import { readdirSync, readFileSync } from "node:fs";
import { eventually } from "../eventually";
import type { TestHost } from "../machines/test-host";
import type { LabStack } from "./lab-stack";
import type { CliResult } from "./stack-cli";

/**
 * Begins an `up`, waits until a process is seen on the machine, and kills the run as a crash would: the engine and all that
 * it started on this workstation, at once. Answers whether the process was seen in time.
 */
export async function killWhen(
  stack: LabStack,
  machine: TestHost,
  processPattern: string,
  ...args: string[]
): Promise<boolean> {
  return killOnce(stack, () => machine.succeeds(`pgrep -f ${JSON.stringify(processPattern)}`), { args });
}

/** Like `killWhen`, as soon as the answer is true, and after a further delay. */
export async function killOnce(
  stack: LabStack,
  ask: () => Promise<boolean>,
  options: { args?: string[]; delayMs?: number; plugins?: boolean } = {},
): Promise<boolean> {
  const running = stack.start("up", "--yes", "--skip-preview", ...(options.args ?? []));
  let early: CliResult | undefined;
  void running.ended.then((result) => (early = result));
  const seen = await eventually(async () => early !== undefined || (await ask()), 300, 100);
  if (early) throw new Error(`the run ended before it could be killed:\n${early.output}`);
  await new Promise((resolve) => setTimeout(resolve, options.delayMs ?? 0));
  process.kill(-running.pid, "SIGKILL");
  if (options.plugins) killPlugins(stack);
  await running.ended;
  return seen;
}

/** The engine gives each plugin a process group of its own; some outlive it for minutes, and finish what they do. */
function killPlugins(stack: LabStack): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      if (environment.includes(`PULUMI_HOME=${stack.folder}/pulumi-home`)) process.kill(Number(pid), "SIGKILL");
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
}

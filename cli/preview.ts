import * as fs from "node:fs";
import { readPreview } from "../checks/preview";
import { Failure, run } from "../lab/run-program";
import { settingLines } from "../settings/positions";
import { type Called, runCommand } from "./command-line";
import { places } from "./places";
import type { Plan } from "./plan/plan";
import { planOf } from "./plan/plan-of";
import { forTerminal } from "./plan/terminal";
import { coloured, phase, say } from "./progress";
import { ensureStack } from "./pulumi";
import { setUp } from "./setup";

/** `make preview`: what `make up` would change, in hosts and in the cluster. Changes nothing. Its exit code is 1 where `up` would fail. */
void runCommand("preview", async ({ stack: wanted, json = false }: Called) => {
  const { stack } = await setUp({ wanted, forPlan: true });
  await ensureStack(stack.name);
  const plan = await planOfStack(stack.name);
  if (json) process.stdout.write(`${JSON.stringify(plan, undefined, 2)}\n`);
  else {
    process.stdout.write(coloured(`\n${forTerminal(plan).join("\n")}\n`, process.stdout));
    if (plan.changes.length > 0)
      say("\nEvery input of every resource: . .homelab/env && pulumi preview --diff -s " + stack.name);
  }
  return plan.errors.length + plan.refused.length > 0 ? 1 : 0;
});

async function planOfStack(stack: string): Promise<Plan> {
  const { stdout, stderr } = await phase("plan", () =>
    run("pulumi", ["preview", "--json", "--non-interactive", "--stack", stack]),
  );
  const preview = readPreview(stdout);
  if (!preview) throw new Failure(`pulumi preview of stack ${stack} failed`, stderr.trim());
  const file = places.settings(stack);
  const lineOf = settingLines(fs.readFileSync(file, "utf8"));
  const placeOf = (setting: readonly string[]): string | undefined => {
    const line = lineOf(setting);
    return line === undefined ? undefined : `Pulumi.${stack}.yaml:${line}`;
  };
  return planOf(preview, { stack, placeOf });
}

import * as path from "node:path";
import { type Called, runCommand } from "../cli/command-line";
import { installMissing, LAB_NEEDS, TEST_NEEDS } from "../cli/workstation";
import { coloured, say } from "../cli/progress";
import { Failure } from "../lab/run-program";
import { runTiers } from "./report/run-tiers";
import { judge, summary } from "./report/sum";
import { E2E_TIERS, TEST_TIERS, VM_TIERS } from "./report/tiers";

/**
 * `make test` (no argument, or names of tiers), `make e2e` (`cluster`) and `make e2e-vm` (`e2e-vm`): runs tiers, then says what they
 * add up to. `.ci/run` runs `--all` of the first two, and leaves that to `test/report/sum.ts`, which speaks up also where this process is killed.
 */
async function test({ operands: names, all = false }: Called): Promise<number> {
  const inEveryRun = [...TEST_TIERS, ...E2E_TIERS];
  const known = [...inEveryRun, ...VM_TIERS];
  const unknown = names.filter((name) => !known.some((tier) => tier.name === name));
  if (unknown.length > 0)
    throw new Failure(`no such tier: ${unknown.join(", ")}`, `Tiers: ${known.map(({ name }) => name).join(", ")}`);
  const named = names.length > 0 ? known.filter(({ name }) => names.includes(name)) : TEST_TIERS;
  const chosen = all ? inEveryRun : named;
  if (process.env.CI) await installMissing([...LAB_NEEDS, ...TEST_NEEDS]);
  await runTiers(chosen, path.resolve("reports"));
  const verdicts = chosen.map((tier) => judge(path.resolve("reports"), tier));
  if (!all) {
    say();
    process.stdout.write(coloured(summary(verdicts).join("\n"), process.stdout) + "\n");
  }
  return verdicts.some((verdict) => verdict.counts.failed > 0) ? 1 : 0;
}

void runCommand("test", test);

import * as path from "node:path";
import { type Called, runCommand } from "../cli/command-line";
import { installMissing, LAB_NEEDS, TEST_NEEDS } from "../cli/workstation";
import { coloured, say } from "../cli/progress";
import { Failure } from "../lab/run-program";
import { runTiers } from "./report/run-tiers";
import { judge, summary } from "./report/sum";
import { E2E_TIERS, TEST_TIERS } from "./report/tiers";

/**
 * `make test` (no argument, or names of tiers) and `make e2e` (`cluster`): runs tiers, then says what they add up to. `.ci/run`
 * runs `--all` of them, and leaves that to `test/report/sum.ts`, which speaks up also where this process is killed.
 */
async function test({ operands: names, all = false }: Called): Promise<number> {
  const known = [...TEST_TIERS, ...E2E_TIERS];
  const unknown = names.filter((name) => !known.some((tier) => tier.name === name));
  if (unknown.length > 0)
    throw new Failure(`no such tier: ${unknown.join(", ")}`, `Tiers: ${known.map(({ name }) => name).join(", ")}`);
  const named = names.length > 0 ? known.filter(({ name }) => names.includes(name)) : TEST_TIERS;
  const chosen = all ? known : named;
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

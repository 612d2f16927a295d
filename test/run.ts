import * as path from "node:path";
import { runTier } from "./report/run-tier";
import { main } from "../cli/failure";
import { installMissing, LAB_NEEDS, TEST_NEEDS } from "../cli/packages";
import { say } from "../cli/progress";
import { judge, summary } from "./report/sum";
import { E2E_TIERS, TEST_TIERS } from "./report/tiers";

/** `make test` (no argument, or names of tiers) and `make e2e` (`cluster`): runs tiers, then says what they add up to. */
async function test(names: string[]): Promise<void> {
  const known = [...TEST_TIERS, ...E2E_TIERS];
  const chosen = names.length > 0 ? known.filter((tier) => names.includes(tier.name)) : TEST_TIERS;
  if (process.env.CI) await installMissing([...LAB_NEEDS, ...TEST_NEEDS]);
  for (const tier of chosen) await runTier(tier, path.resolve("reports"));
  const verdicts = chosen.map((tier) => judge("reports", tier));
  say();
  process.stdout.write(summary(verdicts).join("\n") + "\n");
  process.exitCode = verdicts.some((verdict) => verdict.counts.failed > 0) ? 1 : 0;
}

void main(() => test(process.argv.slice(2)));

import * as path from "node:path";
import { parseArgs } from "node:util";
import { runTiers } from "./report/run-tiers";
import { main } from "../cli/failure";
import { installMissing, LAB_NEEDS, TEST_NEEDS } from "../cli/packages";
import { say } from "../cli/progress";
import { Failure } from "../lab/run-program";
import { judge, summary } from "./report/sum";
import { E2E_TIERS, TEST_TIERS } from "./report/tiers";

/**
 * `make test` (no argument, or names of tiers) and `make e2e` (`cluster`): runs tiers, then says what they add up to. `.ci/run`
 * runs `--all` of them, and leaves that to report/sum.ts, which speaks up also where this process is killed.
 */
async function test(argv: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv,
    options: { all: { type: "boolean" } },
    allowPositionals: true,
  });
  const known = [...TEST_TIERS, ...E2E_TIERS];
  const unknown = positionals.filter((name) => !known.some((tier) => tier.name === name));
  if (unknown.length > 0)
    throw new Failure(`no such tier: ${unknown.join(", ")}`, `Tiers: ${known.map(({ name }) => name).join(", ")}`);
  const named = positionals.length > 0 ? known.filter(({ name }) => positionals.includes(name)) : TEST_TIERS;
  const chosen = values.all ? known : named;
  if (process.env.CI) await installMissing([...LAB_NEEDS, ...TEST_NEEDS]);
  await runTiers(chosen, path.resolve("reports"));
  const verdicts = chosen.map((tier) => judge(path.resolve("reports"), tier));
  process.exitCode = verdicts.some((verdict) => verdict.counts.failed > 0) ? 1 : 0;
  if (values.all) return;
  say();
  process.stdout.write(summary(verdicts).join("\n") + "\n");
}

void main(() => test(process.argv.slice(2)));

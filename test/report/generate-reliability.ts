import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { markdownTable } from "../../docs/markdown-table";
import { type Fault, faultNamed, FAULTS, type FaultTest, faultTests, namesIn } from "./faults";

/** Writes docs/reliability.md from test/report/faults.yaml and the reports of the tests: npx tsx test/report/generate-reliability.ts [REPORTS] */

const CHECKOUT = path.join(__dirname, "..", "..");
export const PAGE = path.join(CHECKOUT, "docs", "reliability.md");

const introduction = `# Reliability

<!-- Written by test/report/generate-reliability.ts from test/report/faults.yaml and the tests' reports. Change those instead. -->

Users of systems like this one ran into these faults. Each is injected by a test, most of them on real machines with
systemd and sshd (\`test/host/\`) or on a real cluster of such machines (\`test/cluster/\`), and the
test checks the expected result. A test's title begins with the name of its case:
\`npx jest -t 'hostkey-changed:'\` runs that one.

Results are those of the last run of each test before this page was written.
`;

/** How a test ended, as jest says it. */
type Outcome = "passed" | "failed" | "skipped";
/** Outcomes by title. */
export type Outcomes = ReadonlyMap<string, readonly Outcome[]>;

/** The whole page. */
export function reliabilityPage(tests: readonly FaultTest[], outcomes: Outcomes): string {
  const { cases, more, drills } = FAULTS;
  const tested: Fault[] = [...cases.filter(({ untested }) => untested === undefined), ...more];
  const untested = cases.filter((one) => one.untested !== undefined);
  const rows = (faults: readonly Fault[]) => faults.map((fault) => row(fault, tests, outcomes));
  const head = ["Name", "What is injected", "What is expected", "Tests", "Result"];
  return [
    introduction,
    `## Faults\n\n${markdownTable([["#", ...head, "Seen in"], ...rows(tested).map((cells, index) => [String(tested[index]?.number ?? ""), ...cells, tested[index]?.source ?? ""])])}\n`,
    `## Drills\n\n${markdownTable([head, ...rows(drills)])}\n`,
    `## Not tested\n\n${markdownTable([["#", "Name", "Why not"], ...untested.map(({ number, name, untested: why }) => [String(number), `\`${name}\``, why ?? ""])])}\n`,
  ].join("\n");
}

function row(fault: Fault, tests: readonly FaultTest[], outcomes: Outcomes): string[] {
  const own = tests.filter(({ names }) => names.includes(fault.name));
  const files = [...new Set(own.map(({ file }) => file))];
  return [
    `\`${fault.name}\``,
    fault.inject,
    fault.expect,
    files.map((file) => `[${file.replace(/^test\//, "").replace(/(\.test)?\.ts$/, "")}](../${file})`).join(", "),
    result(outcomes.get(fault.name) ?? []),
  ];
}

function result(outcomes: readonly Outcome[]): string {
  if (outcomes.includes("failed")) return "failed";
  return outcomes.includes("passed") ? "passed" : "not run";
}

interface JestReport {
  testResults: { assertionResults: { title: string; status: string }[] }[];
}

/** What the reports in `reports/<tier>/` say, by the name of the fault. */
export function readOutcomes(reports: string): Outcomes {
  const outcomes = new Map<string, Outcome[]>();
  const folders = existsSync(reports) ? readdirSync(reports) : [];
  const files = folders.flatMap((tier) =>
    readdirSync(path.join(reports, tier)).map((file) => path.join(reports, tier, file)),
  );
  for (const file of files.filter((name) => name.endsWith(".jest.json"))) {
    const { testResults } = JSON.parse(readFileSync(file, "utf8")) as JestReport;
    for (const { title, status } of testResults.flatMap(({ assertionResults }) => assertionResults)) {
      for (const name of namesIn(title).map((each) => faultNamed(each)?.name ?? each))
        outcomes.set(name, [...(outcomes.get(name) ?? []), outcomeOf(status)]);
    }
  }
  return outcomes;
}

function outcomeOf(status: string): Outcome {
  return status === "passed" || status === "failed" ? status : "skipped";
}

if (require.main === module) {
  const reports = process.argv[2] ?? path.join(CHECKOUT, "reports");
  writeFileSync(PAGE, reliabilityPage(faultTests(CHECKOUT), readOutcomes(reports)));
}

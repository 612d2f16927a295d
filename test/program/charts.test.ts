import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseTarGzip } from "nanotar";
import { problemsWithValues } from "../../cli/charts/known-values";
import { chartHere, type Pin, pinsIn } from "../../cli/charts/sources";
import { releasesOf, type StackReleases } from "../../cli/charts/values";
import { upstreamChart } from "../harness/servers/upstream-chart";

/** The part of `make charts-check` that needs no Helm. A chart that is not on this workstation is fetched, where it can be. */

jest.setTimeout(5 * 60_000);

const STACKS = ["lab", "local", "metal"];
const checkout = process.cwd();
const GIVEN = process.env.CHARTS && path.resolve(process.env.CHARTS);
const pins = pinsIn("charts");

/** No chart has them at the top. */
const MISPLACED = { enabled: true, port: 5, type: "object", repository: "x" };

let folder: string;
let releases: StackReleases[];

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "homelab-charts-"));
  cpSync("charts", path.join(folder, "charts"), { recursive: true });
  process.chdir(folder);
  releases = await releasesOf(STACKS, pins, folder);
});

afterAll(() => {
  process.chdir(checkout);
  rmSync(folder, { recursive: true });
});

test("every pinned chart has a release in each stack, but Longhorn in the lab, whose machines have no iSCSI", () => {
  const missing = releases.flatMap(({ stack, releases: found, refused }) =>
    pins.filter(({ name }) => !found[name]).map(({ name }) => [stack, name, refused[name]]),
  );
  expect(missing).toEqual([
    ["lab", "longhorn", { problem: expect.stringContaining("it has no iSCSI") as string, expected: true }],
  ]);
});

/** Chart.yaml and values.yaml of a packaged chart. */
async function readChart({ name }: Pin, file: string) {
  const entries = await parseTarGzip(readFileSync(file));
  const text = (inside: string) => entries.find((entry) => entry.name === `${name}/${inside}`)?.text ?? "";
  return { metadata: text("Chart.yaml"), valuesFile: text("values.yaml") };
}

test("every value is known to the charts that can be had, and of the kind that it has there", async () => {
  const charts = await Promise.all(
    pins.map(async (pin) => {
      const here = chartHere(pin, GIVEN);
      return { pin, here: here.file === undefined ? await upstreamChart(pin, folder) : here };
    }),
  );
  for (const { pin, here } of charts) {
    process.stderr.write(`  ${pin.name} ${pin.version}: ${here.file ? here.source : `not checked: ${here.problem}`}\n`);
    if (here.file === undefined) continue;
    const chart = await readChart(pin, here.file);
    // Words that its values.yaml has below other keys, or in its comments.
    const wrong = Object.keys(MISPLACED).map((key) => `the chart knows no value ${key}`);
    expect(problemsWithValues(MISPLACED, chart)).toEqual(wrong);
    for (const { stack, releases: found } of releases) {
      const problems = problemsWithValues(found[pin.name]?.values ?? {}, chart);
      expect({ chart: pin.name, stack, problems }).toEqual({ chart: pin.name, stack, problems: [] });
    }
  }
});

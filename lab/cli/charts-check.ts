import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { checkChart, type Rendering } from "./chart-rendering";
import { type Found, findCharts, type Pin, pinsIn } from "./chart-sources";
import { type StackReleases, releasesOf } from "./chart-values";
import { Failure, main } from "./failure";
import { ensureHelm } from "./helm";
import { CHECKOUT } from "./places";
import { phase } from "./progress";

/**
 * `make charts-check`: renders every pinned chart with the values that the program gives it in each stack, and says which
 * values the chart doesn't know. Needs no machine and no cluster; charts that can't be had are named, and are no error.
 */
async function chartsCheck(): Promise<void> {
  const given = givenFolder(process.env.CHARTS);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-charts-check-"));
  try {
    fs.cpSync(path.join(CHECKOUT, "charts"), path.join(folder, "charts"), { recursive: true });
    process.chdir(folder);
    const pins = pinsIn(path.join(folder, "charts"));
    const stacks = stackNames();
    const found = await phase("charts", () => findCharts(pins, given));
    const releases = await phase(`values of ${stacks.join(", ")}`, () => releasesOf(stacks, pins, folder));
    const helm = Object.values(found).some(({ file }) => file !== undefined) ? await ensureHelm() : "";
    const lines = pins.flatMap((pin) => checkPin(pin, found[pin.name] ?? {}, releases, helm));
    process.stdout.write(lines.map(({ text }) => `${text}\n`).join(""));
    const failed = lines.filter((line) => line.failed).length;
    if (failed > 0) throw new Failure(`${failed} charts with values that don't fit: see above`);
  } finally {
    process.chdir(CHECKOUT);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** What CHARTS names: it is relative to where the command was called. */
function givenFolder(charts: string | undefined): string | undefined {
  if (!charts) return undefined;
  const folder = path.resolve(charts);
  if (fs.existsSync(folder)) return folder;
  throw new Failure(
    `CHARTS: there is no folder ${folder}`,
    "Name one with packaged charts in it, as <name>-<version>.tgz.",
  );
}

function stackNames(): string[] {
  const files = fs.readdirSync(CHECKOUT).flatMap((file) => /^Pulumi\.([a-z0-9-]+)\.yaml$/.exec(file)?.[1] ?? []);
  return files.sort();
}

interface Line {
  text: string;
  failed?: boolean;
}

function checkPin(pin: Pin, found: Found, stacks: StackReleases[], helm: string): Line[] {
  const title = `${pin.name} ${pin.version}`;
  if (found.file === undefined) return [{ text: `- ${title}: not rendered: ${found.why ?? "it was not found"}` }];
  const { file, source } = found;
  return stacks.map(({ stack, releases, refused }): Line => {
    const release = releases[pin.name];
    if (!release)
      return { text: `- ${title}, ${stack}: not rendered: ${refused[pin.name] ?? "it has no release there"}` };
    const rendering = checkChart(helm, file, release);
    const text = `${title}, ${stack} (chart from ${source}): ${summary(rendering)}`;
    return rendering.problems.length > 0 ? { text: `✗ ${text}`, failed: true } : { text: `✓ ${text}` };
  });
}

function summary({ objects, problems }: Rendering): string {
  if (problems.length === 0) return `${objects} objects`;
  return ["", ...problems].join("\n    ").trimStart();
}

void main(chartsCheck);

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { checkChart, ensureHelm } from "./charts/rendering";
import { findCharts, pinsIn } from "./charts/sources";
import { releasesOf } from "./charts/values";
import { chartsReport, printReport } from "./charts/report";
import { Failure } from "../lab/run-program";
import { type Called, runCommand } from "./command-line";
import { CHECKOUT } from "./places";
import { coloured, phase } from "./progress";

/**
 * `make charts-check`: renders every pinned chart with the values that the program gives it in each stack, and says which
 * values don't fit it. Needs no machine and no cluster; charts that can't be had are named, and are no error.
 */
async function chartsCheck({ charts }: Called): Promise<void> {
  const given = givenFolder(charts);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-charts-check-"));
  try {
    fs.cpSync(path.join(CHECKOUT, "charts"), path.join(folder, "charts"), { recursive: true });
    process.chdir(folder);
    const pins = pinsIn(path.join(folder, "charts"));
    const stacks = stackNames();
    const found = await phase("charts", () => findCharts(pins, given));
    const releases = await phase(`values of ${stacks.join(", ")}`, () => releasesOf(stacks, pins, folder));
    const helm = Object.values(found).some(({ file }) => file !== undefined) ? await ensureHelm() : "";
    const lines = chartsReport({ pins, found, stacks: releases }, (file, release) => checkChart(helm, file, release));
    printReport(lines, (text) => process.stdout.write(coloured(text, process.stdout)));
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

void runCommand("charts-check", chartsCheck);

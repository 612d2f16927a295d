import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import type { AddonSettings } from "./addon";
import { type FetchedChart, fetchChart, previewChart } from "./chart";
import { type AddonName, addonsOn } from "./list";
import { mergeValues } from "./values";

/** The charts of the add-ons that are on. */
export type Charts = Partial<Record<AddonName, FetchedChart>>;

/**
 * Fetches what the cache lacks. In most runs that is nothing, and no connection is opened; in a preview never.
 *
 * @throws pulumi.RunError that lists every chart that can't be had, or whose values don't fit the settings, before any resource is made
 */
export async function fetchCharts({ addons, mirrors }: Pick<Settings, "addons" | "mirrors">): Promise<Charts> {
  const charts: Charts = {};
  const problems: string[] = [];
  for (const { name, chart: folder, settings } of addonsOn(addons)) {
    try {
      const chart = await chartOf(folder, mirrors.charts);
      charts[name] = chart;
      const { valueProblems }: AddonSettings = settings();
      const wrong = valueProblems?.(mergeValues(chart.values, addons[name].values), addons) ?? [];
      problems.push(...wrong.map((problem) => `charts/${folder}/values.yaml or addons.${name}.values: ${problem}`));
    } catch (error) {
      problems.push(`addons.${name}: ${(error as Error).message}`);
    }
  }
  if (problems.length === 0) return charts;
  const lines = problems.map((problem) => `  ${problem}`);
  throw new pulumi.RunError(
    [`stack ${pulumi.getStack()}: nothing was changed, because of the add-ons' charts`, ...lines].join("\n"),
  );
}

function chartOf(folder: string, mirror: Settings["mirrors"]["charts"]): Promise<FetchedChart> {
  const notice = (text: string) => void pulumi.log.info(text);
  return pulumi.runtime.isDryRun() ? previewChart(folder, mirror) : fetchChart(folder, mirror, notice);
}

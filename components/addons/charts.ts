import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import { type FetchedChart, fetchChart, previewChart } from "./chart";
import { LOCK_FILE } from "./chart-lock";
import { type AddonName, addonsOn } from "./list";
import { mergeValues } from "./values";

/** The charts of the add-ons that are on. */
export type Charts = Partial<Record<AddonName, FetchedChart>>;

/**
 * Fetches what the cache lacks. In most runs that is nothing, and no connection is opened; in a preview never.
 *
 * @throws pulumi.RunError that lists every chart that can't be had, or whose values don't fit the settings, before any resource is made
 */
export async function fetchCharts(stack: Pick<Settings, "addons" | "machines" | "mirrors">): Promise<Charts> {
  const { addons } = stack;
  const charts: Charts = {};
  const problems: string[] = [];
  for (const { name, chart: folder, settings } of addonsOn(addons)) {
    try {
      const chart = await chartOf(folder, stack);
      charts[name] = chart;
      const { valueProblems } = settings();
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

/** Simulated machines rehearse it: there a chart whose digest is not known is taken, and recorded. */
async function chartOf(
  folder: string,
  { machines, mirrors }: Pick<Settings, "machines" | "mirrors">,
): Promise<FetchedChart> {
  const refuse = machines.kind === "metal";
  if (!pulumi.runtime.isDryRun()) {
    return fetchChart(folder, mirrors.charts, { refuse, notice: (text) => void pulumi.log.warn(text) });
  }
  const chart = await previewChart(folder, mirrors.charts);
  if (refuse && chart.path === undefined) {
    const from = mirrors.charts?.name ?? "upstream";
    void pulumi.log.warn(
      `chart ${chart.name} ${chart.version}: ${LOCK_FILE} has no digest of it from '${from}'; an up will fetch it, and refuse it until it is accepted there, unless it is the one that another source has`,
    );
  }
  return chart;
}

import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import { type FetchedChart, fetchChart, previewChart } from "./chart";
import { operatorClient } from "./tailscale-client";

/** The charts of the add-ons that are switched on. */
export interface Charts {
  cilium?: FetchedChart;
  argocd?: FetchedChart;
  longhorn?: FetchedChart;
  tailscale?: FetchedChart;
}

/** Folder below `charts/` of each add-on. */
const FOLDERS = { cilium: "cilium", argocd: "argo-cd", longhorn: "longhorn", tailscale: "tailscale-operator" } as const;
type Addon = keyof typeof FOLDERS;

/**
 * Fetches what the cache lacks. In most runs that is nothing, and no connection is opened; in a preview never.
 *
 * @throws pulumi.RunError that lists every chart that can't be had, before any resource is made
 */
export async function fetchCharts(settings: Pick<Settings, "addons" | "mirrors">): Promise<Charts> {
  const charts: Charts = {};
  const problems: string[] = [];
  for (const addon of switchedOn(settings.addons)) {
    await chartFor(addon, settings.mirrors.charts).then(
      (chart) => (charts[addon] = chart),
      (error: Error) => problems.push(`addons.${addon}: ${error.message}`),
    );
  }
  if (problems.length > 0) throw new pulumi.RunError(report(pulumi.getStack(), problems));
  return charts;
}

function switchedOn(addons: Settings["addons"]): Addon[] {
  return (Object.keys(FOLDERS) as Addon[]).filter((addon) =>
    addon === "tailscale" ? operatorClient(addons.tailscale) !== undefined : addons[addon].enabled,
  );
}

function chartFor(addon: Addon, mirror: Settings["mirrors"]["charts"]): Promise<FetchedChart> {
  const notice = (text: string) => void pulumi.log.info(text);
  return pulumi.runtime.isDryRun() ? previewChart(FOLDERS[addon], mirror) : fetchChart(FOLDERS[addon], mirror, notice);
}

function report(stack: string, problems: string[]): string {
  const lines = problems.map((problem) => `  ${problem}`);
  return [`stack ${stack}: nothing was changed, because a chart can't be had`, ...lines].join("\n");
}

/** The path for a Release: unknown in a preview that comes before the first fetch. */
export function chartPath(chart: FetchedChart): pulumi.Output<string> {
  return pulumi.output<string>(chart.path ?? (pulumi.unknown as unknown as string));
}

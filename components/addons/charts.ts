import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import { type FetchedChart, fetchChart, previewChart } from "./chart";
import { operatorClient } from "./tailscale/tailscale-client";
import { mergeValues } from "./values";

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
 * @throws pulumi.RunError that lists every chart that can't be had, or the values file that the settings don't go with, before any
 * resource is made
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
  if (problems.length > 0) throw refusal("because a chart can't be had", problems);
  const wrong = charts.cilium ? socketTranslation(settings.addons, charts.cilium) : [];
  if (wrong.length > 0) throw refusal("because a chart's values don't go with the settings", wrong);
  return charts;
}

/** The settings' own values were looked at with the settings; what they leave open, the file says. */
function socketTranslation({ cilium, tailscale }: Settings["addons"], chart: FetchedChart): string[] {
  const { socketLB } = mergeValues(chart.values, cilium.values) as {
    socketLB?: { hostNamespaceOnly?: unknown } | null;
  };
  if (!tailscale.enabled || socketLB?.hostNamespaceOnly === true) return [];
  return [
    `charts/${FOLDERS.cilium}/values.yaml: socketLB.hostNamespaceOnly must be true while addons.tailscale.enabled is true: the operator's proxies get no traffic otherwise. Put it back, or set addons.cilium.values.socketLB.hostNamespaceOnly: true`,
  ];
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

function refusal(why: string, problems: string[]): pulumi.RunError {
  const lines = problems.map((problem) => `  ${problem}`);
  return new pulumi.RunError([`stack ${pulumi.getStack()}: nothing was changed, ${why}`, ...lines].join("\n"));
}

/** The path for a Release: unknown in a preview that comes before the first fetch. */
export function chartPath(chart: FetchedChart): pulumi.Output<string> {
  return pulumi.output<string>(chart.path ?? (pulumi.unknown as unknown as string));
}

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

/** Fetches what the cache lacks. In most runs that is nothing, and no connection is opened; in a preview never. */
export async function fetchCharts(settings: Pick<Settings, "addons" | "mirrors">): Promise<Charts> {
  const notice = (text: string) => void pulumi.log.info(text);
  const { charts } = settings.mirrors;
  const chart = (folder: string) =>
    pulumi.runtime.isDryRun() ? previewChart(folder, charts) : fetchChart(folder, charts, notice);
  return {
    ...(settings.addons.cilium.enabled ? { cilium: await chart("cilium") } : {}),
    ...(settings.addons.argocd.enabled ? { argocd: await chart("argo-cd") } : {}),
    ...(settings.addons.longhorn.enabled ? { longhorn: await chart("longhorn") } : {}),
    ...(operatorClient(settings.addons.tailscale) ? { tailscale: await chart("tailscale-operator") } : {}),
  };
}

/** The path for a Release: unknown in a preview that comes before the first fetch. */
export function chartPath(chart: FetchedChart): pulumi.Output<string> {
  return pulumi.output<string>(chart.path ?? (pulumi.unknown as unknown as string));
}

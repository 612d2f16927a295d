import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings";
import { type FetchedChart, fetchChart } from "./chart";

/** The charts of the add-ons that are switched on. */
export interface Charts {
  cilium?: FetchedChart;
}

/** Fetches what the cache lacks. In most runs that is nothing, and no connection is opened. */
export async function fetchCharts(settings: Pick<Settings, "addons" | "mirrors">): Promise<Charts> {
  const notice = (text: string) => void pulumi.log.info(text);
  const chart = (folder: string) => fetchChart(folder, settings.mirrors.charts, notice);
  return {
    ...(settings.addons.cilium.enabled ? { cilium: await chart("cilium") } : {}),
  };
}

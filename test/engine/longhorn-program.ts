import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import type { Cluster } from "../../components/cluster/cluster";
import type { Charts } from "../../components/addons/charts";
import { Platform } from "../../components/addons/platform";
import { parseSettings } from "../../settings";

/** What the test wants of the program, as JSON in the file that TEST_LONGHORN names. */
export interface Wanted {
  /** As in homelab:machines and homelab:addons. */
  machines: Record<string, unknown>;
  addons: Record<string, unknown>;
  charts: Charts;
  kubeconfig: string;
  disposable: boolean;
}

// Not in the stack's settings: Pulumi puts those in its state.
const wanted = JSON.parse(readFileSync(process.env.TEST_LONGHORN ?? "", "utf8")) as Wanted;
const { settings, problems } = parseSettings({ machines: wanted.machines, addons: wanted.addons });
if (!settings) throw new Error(problems.map(String).join("; "));

/** The rest of the cluster, which is there already. */
const machine = new pulumi.ComponentResource("test:index:Machine", "cp1");
const labelled = new pulumi.ComponentResource("test:index:Labelled", "labelled");
const cluster = {
  kubeconfig: pulumi.secret(wanted.kubeconfig),
  identity: pulumi.output("test"),
  controlPlane: { disposable: wanted.disposable, resource: machine },
  nodeNames: settings.machines.nodes.map(({ name }) => name),
  members: [machine],
  labelled,
} as unknown as Cluster;

const { charts } = wanted;
export const { storage } = new Platform("platform", { cluster, settings, charts }).outputs;

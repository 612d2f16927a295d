import { readFileSync } from "node:fs";
import { Provider } from "@pulumi/kubernetes/provider";
import * as pulumi from "@pulumi/pulumi";
import { ENCRYPTED, mapSecrets } from "../../settings/fields";
import { effects } from "../../components/addons/cilium/effects";
import { HelmReleases } from "../../components/addons/helm-releases";
import { mergeValues } from "../../components/addons/values";
import { loadSettings } from "../../settings";

/** What the test wants of the program, as JSON in the file that TEST_CANARY names. */
export interface Wanted {
  kubeconfig: string;
  /** Path of a packaged chart. */
  chart: string;
}

// Not in the stack's settings: Pulumi puts those in its state.
const wanted = JSON.parse(readFileSync(process.env.TEST_CANARY ?? "", "utf8")) as Wanted;
const { addons, sysctls } = loadSettings();

const kubeconfig = pulumi.secret(wanted.kubeconfig);
const provider = new Provider("kubernetes", { kubeconfig, enableServerSideApply: true });
const chart = { name: "canary", version: "1.0.0", path: wanted.chart, values: {} };
new HelmReleases(kubeconfig).add(
  "canary-release",
  { name: "canary", namespace: "default", chart, values: mergeValues({ replicas: 1 }, addons.cilium.values) },
  { provider },
);

/** What previews show of the values. */
export const shown = effects(mapSecrets(addons.cilium.values, () => ENCRYPTED));
export { sysctls };

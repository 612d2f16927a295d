import { readFileSync } from "node:fs";
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { HelmReleases } from "../../components/addons/helm-releases";

/** What the test asks for: a release of a chart of its own, in the cluster of a kubeconfig. */
export interface Wanted {
  kubeconfig: string;
  chart: string;
  values: { pods: string[]; greeting: string };
}

const wanted = JSON.parse(readFileSync(process.env.TEST_RELEASE ?? "", "utf8")) as Wanted;
const kubeconfig = pulumi.secret(wanted.kubeconfig);
const provider = new kubernetes.Provider("kubernetes", { kubeconfig, clusterIdentifier: "test" });

new HelmReleases(kubeconfig).add(
  "app-release",
  {
    name: "app",
    namespace: "default",
    chart: { name: "app", version: "0.0.0", path: wanted.chart, values: {} },
    values: wanted.values,
    timeout: 120,
  },
  { provider },
);

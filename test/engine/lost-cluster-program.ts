import { readFileSync } from "node:fs";
import * as kubernetes from "@pulumi/kubernetes";
import { ArgocdApplications, ArgocdPassword } from "../../providers/argocd/resource";
import { MetalHost } from "../../providers/machines/metal/resource";
import type { SshTarget } from "../../providers/host/ssh/target";

/** What the test wants of the program, as JSON in the file that TEST_LOST_CLUSTER names. */
export interface Wanted {
  host: SshTarget;
  kubeconfig: string;
  /** Folder of a chart. */
  chart: string;
}

const { host, kubeconfig, chart } = JSON.parse(readFileSync(process.env.TEST_LOST_CLUSTER ?? "", "utf8")) as Wanted;

const machine = new MetalHost("cp1", { target: host, hostKey: host.hostKey });
// In the place of the step of that name, which needs a real host.
const init = new ArgocdPassword(
  "cluster-control-plane-init",
  { given: "" },
  { deletedWith: machine, dependsOn: machine },
);
const provider = new kubernetes.Provider("kubernetes", { kubeconfig, clusterIdentifier: "test" }, { dependsOn: init });
new kubernetes.core.v1.ConfigMap("network", { metadata: { name: "network" } }, { provider, deletedWith: machine });
const namespace = new kubernetes.core.v1.Namespace("addon-namespace", { metadata: { name: "addon" } }, { provider });
const release = new kubernetes.helm.v3.Release(
  "addon-release",
  { name: "addon", namespace: namespace.metadata.name, chart },
  { provider },
);
new ArgocdApplications("addon-guard", { controlPlane: host, cluster: "test" }, { dependsOn: release });

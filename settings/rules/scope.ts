import { pathText, type Problem, type Source, valueAt } from "../problems";
import { secretPaths } from "../shape";
import type { View } from "../view";

/** What is designed but not built: refused, so that nothing is silently ignored. */
export function notBuiltProblems(view: View): Problem[] {
  const logins = valueAt(view.raw, ["containerd", "auth"]);
  const auth =
    logins !== null && typeof logins === "object" && Object.keys(logins).length > 0 ? [["containerd", "auth"]] : [];
  const maintenance = view.nodes
    .filter(({ raw }) => raw.maintenance === true)
    .map(({ path }) => [...path, "maintenance"]);
  return [...auth, ...maintenance].map((path) => ({
    path,
    message: "is not built yet; leave it out",
  }));
}

/** Arguments that the program gives to the components from settings of their own. */
const owned: Record<string, Record<string, string>> = {
  apiServer: {
    "service-cluster-ip-range": "cluster.serviceSubnet",
    "feature-gates": "cluster.featureGates",
    "advertise-address": "the node's address",
    "secure-port": "cluster.controlPlaneEndpoint.port",
  },
  controllerManager: {
    "cluster-cidr": "cluster.podSubnet",
    "service-cluster-ip-range": "cluster.serviceSubnet",
    "feature-gates": "cluster.featureGates",
  },
  scheduler: { "feature-gates": "cluster.featureGates" },
};

/** Rules between the settings of the cluster. */
export function clusterProblems(view: View): Problem[] {
  const args = Object.entries(owned).flatMap(([component, names]) =>
    Object.entries(names)
      .map(([name, setting]) => ({ path: ["cluster", component, "extraArgs", name], setting }))
      .filter(({ path }) => valueAt(view.raw, path) !== undefined)
      .map(({ path, setting }) => ({ path, message: `is set from ${setting}; change that instead` })),
  );
  const kubelets = [["cluster", "kubelet"], ...view.nodes.map(({ path }) => [...path, "kubelet"])];
  return [...args, ...kubelets.flatMap((path) => imageCollection(view, path))];
}

function imageCollection(view: View, kubelet: PropertyKey[]): Problem[] {
  const path = [...kubelet, "imageGCLowThresholdPercent"];
  const low = valueAt(view.raw, path);
  const high = valueAt(view.raw, [...kubelet, "imageGCHighThresholdPercent"]);
  if (typeof low !== "number" || typeof high !== "number" || low < high) return [];
  return [{ path, message: `${low} is not below imageGCHighThresholdPercent (${high})` }];
}

/**
 * Secrets are encrypted in the stack's file, because the file is committed.
 *
 * @param written the file's own values, where it is known: Pulumi says of a whole key alone whether something in it is encrypted
 */
export function plainSecretProblems(
  { raw, secretKeys }: Source,
  written?: Readonly<Record<string, unknown>>,
): Problem[] {
  const standsInClear = (path: PropertyKey[]) =>
    !secretKeys.has(String(path[0])) || (written !== undefined && typeof valueAt(written, path) === "string");
  return secretPaths(raw)
    .filter(standsInClear)
    .map((path) => ({
      path,
      message: `stands in clear in the stack's file; encrypt it: pulumi config set --secret --path '${pathText(path)}'`,
    }));
}

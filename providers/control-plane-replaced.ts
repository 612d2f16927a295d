import type { CheckFailure } from "./driver";

/**
 * Why a control plane is not replaced while the cluster is on it. The engine would first delete what is in the cluster, through a
 * provider whose plugin it has just closed (`Registry.Diff` does, where the provider is replaced too), and then wait for ever.
 *
 * @param replaces the inputs that can't be changed in place
 */
export function controlPlaneReplaced(name: string, replaces: readonly string[]): CheckFailure[] {
  const [property] = replaces;
  if (property === undefined) return [];
  const reason =
    `${name}: another ${replaces.join(", ")} means another machine, and the cluster is on ${name}. A control plane can't be replaced ` +
    "in one run: set the old value again, or recreate the cluster (make down, then make up)";
  return [{ property, reason }];
}

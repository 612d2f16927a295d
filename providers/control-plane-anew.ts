import type { CheckFailure } from "./driver";

/**
 * Why a control plane is not made anew with the cluster on it. The engine would first delete what is in the cluster, through a
 * provider whose plugin it has just closed (`Registry.Diff` does, where the provider is replaced too), and then wait for ever.
 *
 * @param replaces the inputs that can't be changed in place
 */
export function controlPlaneAnew(name: string, replaces: readonly string[]): CheckFailure[] {
  const [property] = replaces;
  if (property === undefined) return [];
  const reason =
    `${name}: another ${replaces.join(", ")} means another machine, and ${name} holds the cluster. A control plane is not made anew ` +
    "in one run: put the setting back, or make the cluster anew (make down, then make up)";
  return [{ property, reason }];
}

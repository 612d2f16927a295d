import { addonOf, addons } from "../components/addons/list";

/** What to do next, where the engine's own words or a finished command don't say it. Pure. */

/** What to do about a diagnostic of the engine, where that is known. */
export function knownAction(diagnostic: string): string | undefined {
  const known = addons.flatMap(({ knownFailures = [] }) => knownFailures);
  return known.find(({ pattern }) => pattern.test(diagnostic))?.action;
}

/** The settings that protect the resources of these names. */
export function protectingSettings(names: readonly string[]): string {
  const settings = names.map((resource) => `${addonOf(resource)?.protection ?? "machines.protect"}: false`);
  return [...new Set(settings)].join(" and ");
}

/** What the end of `make up` needs to know to say what comes next. */
export interface Finished {
  /** As STACK says it; none where it is the default one. */
  stack?: string;
  /** How kubectl is called. */
  kubectl: string;
  /** `make down` refuses until the settings allow it. */
  isProtected: boolean;
}

/** What to type next. */
export function nextSteps({ stack, kubectl, isProtected }: Finished): string {
  const make = `make${stack ? ` STACK=${stack}` : ""}`;
  const removal = isProtected
    ? `To remove it, after machines.protect: false in Pulumi.${stack}.yaml (until then it is refused):
  ${make} up && ${make} down`
    : `To remove it:
  ${make} down`;
  return `
To use it:
  (umask 077; ${make} -s kubeconfig > .homelab/kubeconfig)
  ${kubectl} --kubeconfig .homelab/kubeconfig get pods -A
To see whether it is healthy, now or later:
  ${make} check
To type pulumi by hand:
  . .homelab/env
${removal}`;
}

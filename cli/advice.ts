/** What to do next, where the engine's own words or a finished command don't say it. Pure. */

/** Failures whose own words don't say what to do: a pattern of a diagnostic, and the action. */
const KNOWN: readonly { pattern: RegExp; action: string }[] = [
  {
    pattern: /job longhorn-uninstall failed/,
    action: `Longhorn's own job did not remove it; no data of its volumes is lost. The job says why:
  kubectl -n longhorn-system logs job/longhorn-uninstall
Where it misses deleting-confirmation-flag, set that and go on:
  kubectl -n longhorn-system patch settings.longhorn.io deleting-confirmation-flag --type merge -p '{"value":"true"}'`,
  },
];

/** What to do about a diagnostic of the engine, where that is known. */
export function knownAction(diagnostic: string): string | undefined {
  return KNOWN.find(({ pattern }) => pattern.test(diagnostic))?.action;
}

/** The settings that protect these resources. Longhorn has one of its own, because the volumes are deleted with it. */
export function protectingSettings(names: readonly string[]): string {
  const longhorn = names.filter((name) => name.startsWith("longhorn"));
  return [
    ...(names.length > longhorn.length ? ["machines.protect: false"] : []),
    ...(longhorn.length > 0 ? ["addons.longhorn.protect: false"] : []),
  ].join(" and ");
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

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

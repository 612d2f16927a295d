/** What to do about failures whose own words don't say it: a pattern of the engine's output, and the advice. */
const KNOWN: readonly { pattern: RegExp; advice: string }[] = [
  {
    // A provider may hide the first half of the name, which is a release's too.
    pattern: /job \S+-uninstall failed/,
    advice: `Longhorn's own job did not remove it; nothing of its volumes is gone. The job says why:
  kubectl -n longhorn-system logs job/longhorn-uninstall
Where it misses deleting-confirmation-flag, set that and go on:
  kubectl -n longhorn-system patch settings.longhorn.io deleting-confirmation-flag --type merge -p '{"value":"true"}'`,
  },
];

/** What to do about what a line of the engine's output says, where that is known. */
export function knownAdvice(line: string): string | undefined {
  return KNOWN.find(({ pattern }) => pattern.test(line))?.advice;
}

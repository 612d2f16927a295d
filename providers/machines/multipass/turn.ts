let last: Promise<unknown> = Promise.resolve();

/**
 * One VM after the other. Pulumi makes all VMs at the same time, and many launches at once have brought Multipass' service down
 * (https://github.com/canonical/multipass/issues/3336), or made the first launches of an image fail
 * (https://github.com/canonical/multipass/pull/759). VMs that are resized restart: one at a time, the others carry the cluster.
 */
export async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = last.then(work);
  last = turn.catch(() => undefined);
  return turn;
}

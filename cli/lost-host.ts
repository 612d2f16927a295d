import { inClear, resourceName, type StateResource } from "../checks/stack-state";
import { withSsh } from "../providers/host/ssh/connect";
import { HostError } from "../providers/host/ssh/errors";
import type { SshTarget } from "../providers/host/ssh/target";
import { isGone } from "../providers/host/ssh/skip-if-unreachable";
import { Failure } from "../lab/run-program";

const CONNECT = { timeoutSeconds: 20 };
const DOING = "checking whether the control plane's host still exists";

/**
 * Tells an API server that is down from a cluster that is gone. A host that can't be reached is taken as gone, as everywhere in
 * `destroy`; so is one whose address another machine has now.
 *
 * @param silent what was found of the API server, as in "the API server at … doesn't answer"
 * @param resources of the state, with secrets in clear
 * @throws Failure where the control plane's host is there, or it is not known whether it is
 */
export async function requireGoneHost(
  stack: string,
  silent: string,
  resources: readonly StateResource[],
): Promise<void> {
  const host = controlPlaneOf(resources);
  let seen = "its host is not known";
  try {
    if (host) await withSsh(host, CONNECT, DOING, async () => (seen = `its host ${host.name} is there`));
  } catch (error) {
    if (isGone(error)) return;
    if (!(error instanceof HostError)) throw error;
    seen = error.message;
  }
  throw new Failure(
    `${silent}, and ${seen}; nothing was removed`,
    `Repair the API server (on its host: journalctl -u kubelet, crictl ps -a), and run the same command again: it deletes what is in the
cluster, volumes and devices of a tailnet among that. If the cluster is gone for good: make down STACK=${stack} GONE=1`,
  );
}

/** The control plane's host: the cluster's initialisation is deleted with it. */
function controlPlaneOf(resources: readonly StateResource[]): SshTarget | undefined {
  const init = resources.find((resource) => resourceName(resource) === "cluster-control-plane-init");
  const host = resources.find(({ urn }) => urn === init?.deletedWith);
  return inClear(host?.outputs?.["target"]) as SshTarget | undefined;
}

import { withSsh } from "../providers/host/ssh/connect";
import { HostError } from "../providers/host/ssh/errors";
import type { SshTarget } from "../providers/host/ssh/target";
import { isGone } from "../providers/host/ssh/skip-if-unreachable";
import { Failure } from "../lab/run-program";

/** A resource as the state has it, of what is read or changed here. */
export interface StateResource {
  urn: string;
  type: string;
  /** The resource with which it goes by itself. */
  deletedWith?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

const CONNECT = { timeoutSeconds: 20 };
const DOING = "looking whether the control plane is still there";

/**
 * Tells an API server that is down from a cluster that is gone. A host that can't be reached is taken as gone, as everywhere in
 * `destroy`; so is one whose place another machine has taken.
 *
 * @param silent what was found of the API server, as in "the API server at … doesn't answer"
 * @param resources of the state, with secrets in clear
 * @throws Failure where the control plane's host is there, or can't be told
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
    `Mend the API server (on its host: journalctl -u kubelet, crictl ps -a), and run the same command again: it deletes what is in the
cluster, volumes and devices of a tailnet among that. If the cluster is gone for good: make down STACK=${stack} GONE=1`,
  );
}

/** The control plane's host: the cluster's initialisation goes with it. */
function controlPlaneOf(resources: readonly StateResource[]): SshTarget | undefined {
  const init = resources.find(({ urn }) => urn.endsWith("::cluster-control-plane-init"));
  const host = resources.find(({ urn }) => urn === init?.deletedWith);
  return inClear(host?.outputs?.["target"]) as SshTarget | undefined;
}

/** A value of `pulumi stack export --show-secrets`: a secret is JSON in the field `plaintext`. */
export function inClear(value: unknown): unknown {
  if (value === null || typeof value !== "object" || !("plaintext" in value)) return value;
  return JSON.parse(String(value.plaintext)) as unknown;
}

import * as net from "node:net";
import { load } from "js-yaml";
import {
  IN_CLUSTER,
  inClear,
  NAMES,
  resourceName,
  type StackState,
  type StateResource,
  TYPES,
} from "../checks/stack-state";
import { withSsh } from "../providers/host/ssh/connect";
import { poll } from "../providers/poll";
import { HostError } from "../providers/host/ssh/errors";
import type { SshTarget } from "../providers/host/ssh/target";
import { isGone } from "../providers/host/ssh/skip-if-unreachable";
import { Failure } from "../lab/run-program";
import { say } from "./progress";
import { exportState, importState } from "./pulumi";

/** So long the API server may be away, as while it restarts, and how often it is asked meanwhile. In seconds. */
const TIMES = { limit: 60, connect: 10, pause: 5 };

const CONNECT = { timeoutSeconds: 20 };
const DOING = "checking whether the control plane's host still exists";

/**
 * Before everything is destroyed: where the API server is gone for good, what was in the cluster is gone with it, and can't be
 * deleted by an API call. Pulumi would try all the same, fail, and leave the hosts as they are. So the state forgets these objects.
 *
 * @param consented the person has said that the cluster is gone for good; then the control plane's host is not contacted
 * @throws Failure where the API server is silent, and its host is there: it may be repaired
 */
export async function forgetLostCluster(
  stack: string,
  { consented, times = TIMES }: { consented: boolean; times?: typeof TIMES },
): Promise<void> {
  const state = await exportState(stack);
  const { forgotten } = withoutObjects(state);
  if (forgotten.length === 0) return;
  const { resources = [] } = (await exportState(stack, { secrets: "clear" })).deployment;
  const server = serverOf(resources);
  if (server && (await answers(server, times))) return;
  const silent = server
    ? `the API server at ${server.host} doesn't answer`
    : "the address of the API server is not known";
  if (!consented) await requireGoneHost(stack, silent, resources);
  say(`  ${silent}: what was in the cluster is taken as gone with it, and not deleted (${forgotten.join(", ")}).
  What it had made elsewhere stays: data of volumes on hosts that still exist, load balancers, your own devices in a tailnet`);
  await importState(stack, withoutObjects(state).state, "forgetting what was in the cluster");
}

/** Where the provider of the cluster's objects asks for the API server; secrets of `resources` are in clear. */
function serverOf(resources: readonly StateResource[]): URL | undefined {
  const provider = resources.find(({ type }) => type === TYPES.kubernetesProvider);
  const kubeconfig = load(String(inClear(provider?.inputs?.["kubeconfig"]))) as
    { clusters?: { cluster?: { server?: string } }[] } | undefined;
  const server = kubeconfig?.clusters?.[0]?.cluster?.server;
  return server === undefined ? undefined : new URL(server);
}

/** The state without the objects that only the API server can delete, and their names. Pure. */
export function withoutObjects(state: StackState): { state: StackState; forgotten: string[] } {
  const resources = state.deployment.resources ?? [];
  const lost = new Set(
    resources.filter(({ type, deletedWith }) => type.startsWith(IN_CLUSTER) && !deletedWith).map(({ urn }) => urn),
  );
  const kept = (urns: string[]) => urns.filter((urn) => !lost.has(urn));
  const left = resources
    .filter(({ urn }) => !lost.has(urn))
    .map((resource) => ({
      ...resource,
      ...(resource.dependencies ? { dependencies: kept(resource.dependencies) } : {}),
      ...(resource.propertyDependencies
        ? {
            propertyDependencies: Object.fromEntries(
              Object.entries(resource.propertyDependencies).map(([property, urns]) => [property, kept(urns)]),
            ),
          }
        : {}),
    }));
  return {
    state: { ...state, deployment: { ...state.deployment, resources: left } },
    forgotten: [...lost].map((urn) => resourceName({ urn })),
  };
}

/** Whether connections are accepted there within the limit, whatever is said then. */
export async function answers(server: URL, times = TIMES): Promise<boolean> {
  const ask = async () => ((await connects(server, times.connect)) ? true : undefined);
  return (await poll(ask, { limitSeconds: times.limit, everySeconds: times.pause })) === true;
}

function connects({ hostname, port }: URL, seconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: hostname, port: Number(port || 443), timeout: seconds * 1000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket
      .once("connect", () => done(true))
      .once("timeout", () => done(false))
      .once("error", () => done(false));
  });
}

/**
 * Tells an API server that is down from a cluster that is gone. A host that can't be reached is taken as gone, as everywhere in
 * `destroy`; so is one whose address another machine has now.
 *
 * @param silent what was found of the API server, as in "the API server at … doesn't answer"
 * @param resources of the state, with secrets in clear
 * @throws Failure where the control plane's host is there, or it is not known whether it is
 */
async function requireGoneHost(stack: string, silent: string, resources: readonly StateResource[]): Promise<void> {
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
  const init = resources.find((resource) => resourceName(resource) === NAMES.init);
  const host = resources.find(({ urn }) => urn === init?.deletedWith);
  return inClear(host?.outputs?.["target"]) as SshTarget | undefined;
}

import * as net from "node:net";
import { load } from "js-yaml";
import { inClear, resourceName, type StackState, type StateResource } from "../checks/stack-state";
import { requireGoneHost } from "./lost-host";
import { say } from "./progress";
import { exportState, importState } from "./pulumi";

/** So long the API server may be away, as while it restarts, and how often it is asked meanwhile. In seconds. */
const TIMES = { limit: 60, connect: 10, pause: 5 };

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
  const provider = resources.find(({ type }) => type === "pulumi:providers:kubernetes");
  const kubeconfig = load(String(inClear(provider?.inputs?.["kubeconfig"]))) as
    { clusters?: { cluster?: { server?: string } }[] } | undefined;
  const server = kubeconfig?.clusters?.[0]?.cluster?.server;
  return server === undefined ? undefined : new URL(server);
}

/** The state without the objects that only the API server can delete, and their names. Pure. */
export function withoutObjects(state: StackState): { state: StackState; forgotten: string[] } {
  const resources = state.deployment.resources ?? [];
  const lost = new Set(
    resources.filter(({ type, deletedWith }) => type.startsWith("kubernetes:") && !deletedWith).map(({ urn }) => urn),
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
  const end = Date.now() + times.limit * 1000;
  for (;;) {
    if (await connects(server, times.connect)) return true;
    if (Date.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, times.pause * 1000));
  }
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

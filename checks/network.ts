import type { Check, CheckContext } from "./check";
import { CheckFailure } from "./finding";
import { isReady, type Node, type Pod, type Service, whyNotRunning } from "./kubernetes-objects";
import { findingsOf, NETWORK_NAMES, startAction } from "./network-verdict";
import { askServers } from "./network-clients";
import { GUARDED_PORT, OPEN_PORT, serverScript } from "./network-script";
import { isRunning, ownPod, waitForPods } from "./own-pod";

/** How long pods may take to start, their image's download included. In seconds. */
const START_SECONDS = 60;

/** A web server on every node that is Ready, and a client on each that asks all of them, in every way. */
export const networkCheck: Check = {
  subjects: NETWORK_NAMES,
  limitSeconds: 240,

  async run(context) {
    const nodes = await context.access.api.list<Node>("/api/v1/nodes");
    const ready = nodes.filter(isReady);
    if (ready.length === 0)
      throw new CheckFailure("no node is Ready, so no pod starts", "Fix the nodes first: see the finding nodes.");
    const network: Network = { context, nodes: ready };
    const service = await startServers(network);
    const names = ready.map((_, index) => `server-${index}`);
    const servers = await waitForPods(context, names, isRunning, START_SECONDS);
    const running = servers.filter(isRunning);
    if (running.length === 0) throw noPod(servers, context.image);
    const seen = await askServers(context, { nodes: ready, servers: running, service });
    return findingsOf({
      ...seen,
      nodes: nodes.map(({ metadata }) => metadata.name),
      notStarted: servers.filter((pod) => !isRunning(pod)).map(startFailure),
      cilium: context.access.expected.addons.includes("cilium"),
      image: context.image,
    });
  },
};

interface Network {
  context: CheckContext;
  /** Those that are Ready. */
  nodes: Node[];
}

function startFailure(pod: Pod): { node: string; why: string } {
  return { node: pod.spec.nodeName ?? "no node", why: whyNotRunning(pod) };
}

function noPod(pods: Pod[], image: string): CheckFailure {
  const why = pods.map(startFailure).map((each) => `${each.node}: ${each.why}`);
  return new CheckFailure(`no pod of the check starts (${why[0] ?? "none was made"})`, startAction(image));
}

/** The servers, one service before them all, and the policy that lets only the invited client to their second port. */
async function startServers({ context, nodes }: Network): Promise<Service> {
  const { access, namespace, image } = context;
  const { api } = access;
  await api.create(await namespace.path("networkpolicies", "apis/networking.k8s.io/v1"), POLICY);
  const service = await api.create<Service>(await namespace.path("services"), SERVICE);
  const pods = await namespace.path("pods");
  await Promise.all(
    nodes.map(({ metadata, spec }, index) =>
      api.create(
        pods,
        ownPod({
          name: `server-${index}`,
          image,
          script: serverScript(metadata.name),
          labels: { role: "server" },
          nodeName: metadata.name,
          // The question is how this node's network is: whatever keeps others away from it.
          tolerated: spec?.taints,
        }),
      ),
    ),
  );
  return service;
}

const SERVICE = {
  metadata: { name: "server" },
  spec: { type: "NodePort", selector: { role: "server" }, ports: [{ port: 80, targetPort: OPEN_PORT }] },
};

const POLICY = {
  metadata: { name: "only-invited" },
  spec: {
    podSelector: { matchLabels: { role: "server" } },
    policyTypes: ["Ingress"],
    ingress: [
      { ports: [{ port: OPEN_PORT }] },
      { ports: [{ port: GUARDED_PORT }], from: [{ podSelector: { matchLabels: { role: "invited" } } }] },
    ],
  },
};

import type { Check, CheckContext } from "./check";
import { CheckFailure } from "./finding";
import { internalIp, isReady, type Node, type Pod, type Service, whyNotRunning } from "./kubernetes-objects";
import { findingsOf, NETWORK_NAMES, type Seen, startAdvice } from "./network-verdict";
import { clientScript, GUARDED_PORT, OPEN_PORT, OUTSIDE_NAME, readResults, serverScript } from "./network-script";
import { hasEnded, isRunning, ownPod, waitForPods } from "./own-pod";

/** How long pods may take to start, their image's download included, and a client's whole work. In seconds. */
const START_SECONDS = 60;
const CLIENT_SECONDS = 90;

/** A web server on every node that is Ready, and a client on each that asks all of them, in every way. */
export const networkCheck: Check = {
  names: NETWORK_NAMES,
  limitSeconds: 240,

  async run(context) {
    const nodes = await context.access.api.list<Node>("/api/v1/nodes");
    const ready = nodes.filter(isReady);
    if (ready.length === 0) throw new CheckFailure("no node is Ready, so no pod starts", "See to the nodes first.");
    const network: Network = { context, nodes: ready };
    const service = await startServers(network);
    const names = ready.map((_, index) => `server-${index}`);
    const servers = await waitForPods(context, names, isRunning, START_SECONDS);
    const running = servers.filter(isRunning);
    if (running.length === 0) throw noPod(servers, context.image);
    const seen = await ask(network, running, service);
    return findingsOf({
      ...seen,
      nodes: nodes.map(({ metadata }) => metadata.name),
      notStarted: servers.filter((pod) => !isRunning(pod)).map(startFailure),
      cilium: context.access.expected.cilium,
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
  return new CheckFailure(`no pod of the check starts (${why[0] ?? "none was made"})`, startAdvice(image));
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

/** Runs the clients. Answers what each saw, by the node it ran on. */
async function ask(
  { context, nodes }: Network,
  servers: Pod[],
  service: Service,
): Promise<Pick<Seen, "clients" | "invited">> {
  const { access, namespace, image } = context;
  const { dnsDomain } = access.expected;
  const name = `server.${namespace.name}.svc.${dnsDomain}`;
  const podRequests = (way: string, port: number) =>
    servers.map(({ spec, status }) => ({ way, target: spec.nodeName ?? "", to: `${status.podIP}:${port}` }));
  const nodePort = service.spec.ports[0]?.nodePort;
  const guest = clientScript({
    requests: [
      ...podRequests("pod", OPEN_PORT),
      { way: "service", target: "address", to: service.spec.clusterIP },
      { way: "service", target: "name", to: "server" },
      ...nodes.map((node) => ({ way: "node-port", target: node.metadata.name, to: `${internalIp(node)}:${nodePort}` })),
    ],
    refused: podRequests("policy", GUARDED_PORT),
    names: [
      { way: "dns", name, address: service.spec.clusterIP },
      { way: "dns-outside", name: OUTSIDE_NAME },
    ],
  });
  const invited = clientScript({
    requests: podRequests("policy", GUARDED_PORT),
    names: [{ way: "dns-outside", name: OUTSIDE_NAME }],
  });
  const running = nodes.filter(({ metadata }) => servers.some(({ spec }) => spec.nodeName === metadata.name));
  const clients = running.map((node, index) => ({ name: `client-${index}`, node, script: guest, role: "guest" }));
  const [first] = running;
  const all = first ? [...clients, { name: "invited", node: first, script: invited, role: "invited" }] : clients;
  const pods = await namespace.path("pods");
  await Promise.all(
    all.map((client) =>
      access.api.create(
        pods,
        ownPod({
          name: client.name,
          image,
          script: client.script,
          labels: { role: client.role },
          nodeName: client.node.metadata.name,
          tolerated: client.node.spec?.taints,
          // By its own addresses it needs no names: so it can tell what the node's name servers say.
          nodeDns: client.role === "invited",
        }),
      ),
    ),
  );
  await waitForPods(
    context,
    all.map(({ name }) => name),
    hasEnded,
    CLIENT_SECONDS,
  );
  const results = async (pod: string) => readResults(await access.api.text(`${pods}/${pod}/log`));
  return {
    clients: await Promise.all(
      clients.map(async ({ name, node }) => ({ node: node.metadata.name, results: await results(name) })),
    ),
    invited: await results("invited"),
  };
}

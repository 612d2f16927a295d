import type { CheckContext } from "./check";
import { ApiRefusal } from "../components/cluster/kubernetes-api";
import { internalIp, type Node, type Pod, type Service } from "./kubernetes-objects";
import { clientScript, GUARDED_PORT, OPEN_PORT, OUTSIDE_NAME, readResults, type Result } from "./network-script";
import type { Seen } from "./network-verdict";
import { hasEnded, ownPod, waitForPods } from "./own-pod";

/** How long the clients may take for their start and all their work, in seconds. */
const CLIENT_SECONDS = 90;

/** What there is to ask. */
export interface Servers {
  /** Those that are Ready. */
  nodes: Node[];
  /** Those that run, one on a node. */
  servers: Pod[];
  /** Before all of them. */
  service: Service;
}

interface Client {
  name: string;
  node: Node;
  script: string;
  /** As the policy knows it: it lets in the role `invited`. */
  role: "guest" | "invited";
}

/** Runs a client on each node that has a server, and one that the policy lets in. Answers what each saw. */
export async function askServers(context: CheckContext, asked: Servers): Promise<Pick<Seen, "clients" | "invited">> {
  const running = asked.nodes.filter(({ metadata }) =>
    asked.servers.some(({ spec }) => spec.nodeName === metadata.name),
  );
  const script = guestScript(context, asked);
  const guests = running.map((node, index): Client => ({ name: `client-${index}`, node, script, role: "guest" }));
  const invited = running
    .slice(0, 1)
    .map((node): Client => ({ name: "invited", node, script: invitedScript(asked), role: "invited" }));
  const all = [...guests, ...invited];
  await Promise.all(all.map((client) => start(context, client)));
  const names = all.map(({ name }) => name);
  await waitForPods(context, names, hasEnded, CLIENT_SECONDS);
  return {
    clients: await Promise.all(
      guests.map(async ({ name, node }) => ({ node: node.metadata.name, results: await resultsOf(context, name) })),
    ),
    invited: await resultsOf(context, "invited"),
  };
}

function guestScript({ access, namespace }: CheckContext, asked: Servers): string {
  const { nodes, service } = asked;
  const { clusterIP, ports } = service.spec;
  const nodePorts = nodes.map((node) => ({
    way: "node-port",
    target: node.metadata.name,
    to: `${internalIp(node)}:${ports[0]?.nodePort}`,
  }));
  return clientScript({
    requests: [
      ...podRequests(asked, "pod", OPEN_PORT),
      { way: "service", target: "address", to: clusterIP },
      { way: "service", target: "name", to: "server" },
      ...nodePorts,
    ],
    refused: podRequests(asked, "policy", GUARDED_PORT),
    names: [
      { way: "dns", name: `server.${namespace.name}.svc.${access.expected.dnsDomain}`, address: clusterIP },
      { way: "dns-outside", name: OUTSIDE_NAME },
    ],
  });
}

function invitedScript(asked: Servers): string {
  const names = [{ way: "dns-outside", name: OUTSIDE_NAME }];
  return clientScript({ requests: podRequests(asked, "policy", GUARDED_PORT), names });
}

function podRequests({ servers }: Servers, way: string, port: number) {
  return servers.map(({ spec, status }) => ({ way, target: spec.nodeName ?? "", to: `${status.podIP}:${port}` }));
}

async function start({ access, namespace, image }: CheckContext, { name, node, script, role }: Client): Promise<void> {
  const pod = ownPod({
    name,
    image,
    script,
    labels: { role },
    nodeName: node.metadata.name,
    tolerated: node.spec?.taints,
    // It asks addresses alone: so it can tell what the node's own name servers say.
    nodeDns: role === "invited",
  });
  await access.api.create(await namespace.path("pods"), pod);
}

/** None where the client did not start. */
async function resultsOf({ access, namespace }: CheckContext, pod: string): Promise<Result[]> {
  try {
    return readResults(await access.api.text(`${await namespace.path("pods")}/${pod}/log`));
  } catch (error) {
    if (error instanceof ApiRefusal) return [];
    throw error;
  }
}

import { failed, few, type Finding, ok, skipped } from "./finding";
import type { Result } from "./network-script";

export const NETWORK_NAMES = [
  "pods start",
  "pod to pod",
  "service",
  "node port",
  "DNS",
  "DNS outside",
  "NetworkPolicy",
] as const;

/** What the clients on the nodes saw. */
export interface Seen {
  /** All nodes of the cluster. */
  nodes: string[];
  notStarted: { node: string; why: string }[];
  /** By the node on which each ran. */
  clients: { node: string; results: Result[] }[];
  /** Of the client that the policy lets in, and that asks its node's own name servers. */
  invited: Result[];
  /** The network is known to enforce policies. */
  cilium: boolean;
  image: string;
}

/** Says of each way through the network whether it works. Pure. */
export function findingsOf(seen: Seen): Finding[] {
  const checked = seen.clients.map(({ node }) => node);
  return [
    podsStart(seen, checked),
    podToPod(seen, checked),
    judge(seen, "service", "service", {
      works: "a service answers by its address and by its name",
      action:
        "See Cilium on the nodes named: kubectl -n kube-system get pods -l k8s-app=cilium -o wide. Where only the name fails, see DNS.",
    }),
    judge(seen, "node port", "node-port", {
      works: `a node port answers at each of ${checked.length} node(s)`,
      action:
        "Is a firewall on the nodes (nft list ruleset)? Then see Cilium there: kubectl -n kube-system get pods -l k8s-app=cilium -o wide.",
    }),
    judge(seen, "DNS", "dns", {
      works: `every pod resolves the cluster's names, on ${checked.join(", ")}`,
      action:
        "Does CoreDNS run? kubectl -n kube-system get deployment coredns. Where it was scaled to 0: kubectl -n kube-system scale deployment coredns --replicas=2. Else its log: kubectl -n kube-system logs -l k8s-app=kube-dns.",
    }),
    outside(seen),
    policy(seen),
  ];
}

function podsStart({ notStarted, image }: Seen, checked: string[]): Finding {
  if (notStarted.length === 0) return ok("pods start", `on ${checked.join(", ")}`);
  return failed("pods start", few(notStarted.map(({ node, why }) => `${node}: ${why}`)), startAction(image));
}

/** What to do where a pod of the checks does not start. */
export function startAction(image: string): string {
  return `Where the image ${image} can't be pulled, see that the node reaches its registry or the mirrors of containerd.mirrors, or name another image with CHECK_IMAGE. Else see kubelet on the node: journalctl -u kubelet.`;
}

/** What the clients report of one way, as sentences; and how many results there are. */
function reports({ clients }: Pick<Seen, "clients">, way: string): { bad: string[]; count: number } {
  const bad: string[] = [];
  let count = 0;
  for (const { node, results } of clients) {
    const found = results.filter((result) => result.way === way);
    count += found.length;
    if (found.length === 0) bad.push(`the client on ${node} came to no result`);
    for (const { target, failed: said } of found) if (said !== undefined) bad.push(`${node} → ${target}: ${said}`);
  }
  return { bad, count };
}

function judge(seen: Seen, name: string, way: string, texts: { works: string; action: string }): Finding {
  const { bad } = reports(seen, way);
  return bad.length === 0 ? ok(name, texts.works) : failed(name, few(bad), texts.action);
}

function podToPod(seen: Seen, checked: string[]): Finding {
  const name = "pod to pod";
  const { bad, count } = reports(seen, "pod");
  if (bad.length > 0) {
    return failed(
      name,
      few(bad),
      "Is the way between the nodes open (UDP 8472 for VXLAN, or what addons.cilium.values says)? Then see Cilium on the nodes named: kubectl -n kube-system logs -l k8s-app=cilium --tail=20.",
    );
  }
  if (seen.nodes.length < 2) return skipped(name, `there is only one node, ${checked.join("")}`);
  if (checked.length < 2) return skipped(name, `pods run on one node only, ${checked.join("")}`);
  return ok(name, `${count} ways between ${checked.length} nodes`);
}

/** Only what the nodes themselves can resolve is asked of the cluster. */
function outside(seen: Seen): Finding {
  const name = "DNS outside";
  const own = seen.invited.find(({ way }) => way === "dns-outside");
  if (!own || own.failed !== undefined)
    return skipped(name, "the nodes themselves resolve no names of the internet; nothing to compare with");
  return judge(seen, name, "dns-outside", {
    works: "names of the internet resolve in pods as on the nodes",
    action:
      "The nodes resolve them, CoreDNS does not: kubectl -n kube-system logs -l k8s-app=kube-dns. Nodes that changed their name servers need CoreDNS restarted: kubectl -n kube-system rollout restart deployment coredns.",
  });
}

function policy(seen: Seen): Finding {
  const name = "NetworkPolicy";
  const invited = [{ node: "the pod that is let in", results: seen.invited }];
  const keptOut = reports({ clients: invited }, "policy").bad;
  const letIn = reports(seen, "policy").bad;
  const action = "See Cilium's log: kubectl -n kube-system logs -l k8s-app=cilium --tail=20.";
  if (keptOut.length > 0) return failed(name, `keeps out what it should let in (${few(keptOut)})`, action);
  if (letIn.length === 0) return ok(name, "enforced on every node that was checked");
  if (!seen.cilium)
    return skipped(
      name,
      "not enforced: the network is your own (addons.cilium.enabled: false), so policies have no effect",
    );
  return failed(name, `not enforced (${few(letIn)})`, action);
}

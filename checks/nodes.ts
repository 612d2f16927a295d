import type { Check } from "./check";
import { failed, few, type Finding, ok, warning } from "./finding";
import { condition, isReady, type Node } from "./kubernetes-objects";

const NAME = "nodes";

/** Every node of the inventory is there and Ready, and there is no other. */
export const nodesCheck: Check = {
  subjects: [NAME],
  limitSeconds: 30,
  run: async ({ access }) => {
    const nodes = await access.api.list<Node>("/api/v1/nodes");
    return [
      nodesFinding(
        nodes,
        access.expected.nodes.map(({ name }) => name),
      ),
    ];
  },
};

export function nodesFinding(nodes: Node[], inventory: string[]): Finding {
  const names = nodes.map(({ metadata }) => metadata.name);
  const missing = inventory.filter((name) => !names.includes(name));
  const notReady = nodes.filter((node) => !isReady(node));
  const faults = [...missing.map((name) => `${name} is not in the cluster`), ...notReady.map(whyNotReady)];
  if (faults.length > 0) {
    const [first] = [...missing, ...notReady.map(({ metadata }) => metadata.name)];
    return failed(
      NAME,
      few(faults),
      `Is the host on, and does its kubelet run? On ${first}: systemctl status kubelet, journalctl -u kubelet. \`make up\` lets a node that is missing join.`,
    );
  }
  const unknown = names.filter((name) => !inventory.includes(name));
  if (unknown.length > 0) {
    return failed(
      NAME,
      `${few(unknown)}: in the cluster, and not in the inventory`,
      `Add it to homelab:machines, or take it out of the cluster: kubectl delete node ${unknown[0]}. Where the last \`make up\` failed, run it again first.`,
    );
  }
  const cordoned = nodes.filter(({ spec }) => spec?.unschedulable).map(({ metadata }) => metadata.name);
  if (cordoned.length > 0) {
    return warning(
      NAME,
      `all ${names.length} are Ready; ${few(cordoned)}: cordoned, and takes no new pods`,
      `When the work on it is done: kubectl uncordon ${cordoned[0]}`,
    );
  }
  return ok(NAME, `all ${names.length} are Ready: ${few(names, ", ")}`);
}

function whyNotReady(node: Node): string {
  const ready = condition(node, "Ready");
  return `${node.metadata.name} is not Ready: ${ready?.message ?? "it has not said anything yet"}`;
}

import type { Check } from "../../../checks/check";
import { failed, few, type Finding, ok, skipped } from "../../../checks/finding";
import { isReady, type Node, type Pod, whyNotRunning } from "../../../checks/kubernetes-objects";

const NAME = "Cilium";

/** A healthy agent on every node: its pod is ready where the agent says so of itself. */
export const ciliumCheck: Check = {
  subjects: [NAME],
  limitSeconds: 30,
  async run({ access: { api, expected } }) {
    if (!expected.addons.includes("cilium")) return [skipped(NAME, "addons.cilium is off: the network is your own")];
    const [nodes, pods] = await Promise.all([
      api.list<Node>("/api/v1/nodes"),
      api.list<Pod>("/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dcilium"),
    ]);
    return [
      ciliumFinding(
        nodes.map(({ metadata }) => metadata.name),
        pods,
      ),
    ];
  },
};

export function ciliumFinding(nodes: string[], pods: Pod[]): Finding {
  const faults = nodes.flatMap((node) => {
    const agents = pods.filter(({ spec }) => spec.nodeName === node);
    if (agents.some(isReady)) return [];
    const [agent] = agents;
    return [agent ? `${node}: its agent is not ready (${whyNotRunning(agent)})` : `${node}: it has no agent`];
  });
  if (faults.length === 0) return ok(NAME, `an agent is healthy on each of ${nodes.length} node(s)`);
  return failed(
    NAME,
    few(faults),
    "kubectl -n kube-system get pods -l k8s-app=cilium -o wide; the log of the agent: kubectl -n kube-system logs <its pod> -c cilium-agent --tail=20. `make up` installs what is missing.",
  );
}

import { allReady, type ClusterNode, nodesTable } from "../../../cli/nodes-table";

function node(name: string, controlPlane: boolean, ready: string): ClusterNode {
  return {
    metadata: { name, labels: controlPlane ? { "node-role.kubernetes.io/control-plane": "" } : {} },
    status: {
      conditions: [{ type: "Ready", status: ready }],
      addresses: [
        { type: "Hostname", address: name },
        { type: "InternalIP", address: "10.90.0.11" },
      ],
      nodeInfo: { kubeletVersion: "v1.36.3" },
    },
  };
}

test("the table names each node with its role, readiness, version and address", () => {
  expect(nodesTable([node("cp1", true, "True"), node("worker1", false, "Unknown")])).toEqual([
    "NAME      ROLE            READY       VERSION   ADDRESS",
    "cp1       control-plane   Ready       v1.36.3   10.90.0.11",
    "worker1   worker          not ready   v1.36.3   10.90.0.11",
  ]);
});

test("a node whose kubelet is silent is not Ready", () => {
  expect(allReady([node("cp1", true, "True")])).toBe(true);
  expect(allReady([node("cp1", true, "True"), node("worker1", false, "Unknown")])).toBe(false);
});

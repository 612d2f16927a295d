import { HostInspection } from "../../providers/inspection/resource";
import type { NodeSettings, Settings } from "../../settings";
import { versions } from "../../versions";
import { type Machine, sshTarget } from "../machine";
import { PreparedNode } from "./prepared-node";
import { type NodeSteps, STEPS } from "./steps";

/** A machine that is ready for kubeadm, with what the inventory says of the node that it becomes. */
export interface InventoriedNode {
  prepared: PreparedNode;
  inventory: NodeSettings;
}

/** Inspects every machine and prepares it. Machines don't wait for each other. */
export function prepareNodes(machines: Machine[], settings: Settings): InventoriedNode[] {
  const inventory: readonly NodeSettings[] = settings.machines.nodes;
  return inventory.map((node, index) => {
    const machine = machines[index];
    if (!machine) throw new Error(`${node.name}: there is no machine for the node`);
    const inspection = new HostInspection(
      `${machine.name}-inspection`,
      {
        target: sshTarget(machine),
        incarnation: machine.incarnation,
        steps: [...STEPS],
        sharedKernel: machine.capabilities.sharedKernel,
      },
      { deletedWith: machine.resource, dependsOn: machine.resource },
    );
    const prepared = new PreparedNode(machine.name, {
      machine,
      settings: nodeSteps(settings),
      drift: (step) => inspection.drift(step),
    });
    return { prepared, inventory: node };
  });
}

/** What the settings say of hosts, as the steps take it. */
export function nodeSteps(settings: Settings): NodeSteps {
  return {
    kubernetesVersion: settings.cluster.kubernetesVersion,
    kubernetesDebRevision: versions.kubernetesDebRevision,
    criToolsVersion: versions.criTools,
    containerdVersion: versions.containerd,
    containerd: settings.containerd,
    sysctls: settings.sysctls,
    repositories: settings.mirrors.apt,
    proxy: settings.proxy,
  };
}

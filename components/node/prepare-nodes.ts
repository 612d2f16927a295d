import * as pulumi from "@pulumi/pulumi";
import { HostInspection } from "../../providers/host/inspection/resource";
import { NODE_MODULES } from "../../providers/host/inspection/wanted";
import type { Expectations } from "../../providers/host/preflight/hosts";
import { Preflight } from "../../providers/host/preflight/resource";
import { controlPlaneEndpoint, type NodeSettings, type Settings } from "../../settings";
import { kernelDefaultsOf } from "../../settings/kernel-defaults";
import { versions } from "../../versions";
import { type Machine, sshTarget } from "../../providers/machines/machine";
import { PreparedNode } from "./prepared-node";
import type { NodeSteps } from "./step";
import { type HostStep, STEPS, stepsOf } from "./steps";
import type { HostPart } from "../addons/addon";
import { addons } from "../addons/list";
import { storageParts } from "../addons/longhorn/storage";

/** A host that is ready for kubeadm, with what the inventory says of the node that it becomes. */
export interface InventoriedNode {
  prepared: PreparedNode;
  inventory: NodeSettings;
}

/** Inspects all hosts before the first change on any; then inspects and prepares each, without waiting for others. */
export function prepareNodes(machines: Machine[], settings: Settings): InventoriedNode[] {
  const parts = addons.flatMap(({ hosts }) => hosts?.(settings) ?? []);
  const partOf = storageParts(settings);
  const own = nodeSteps(settings);
  const nodes = settings.machines.nodes.map((node: NodeSettings, index) => {
    const machine = machines[index];
    if (!machine) throw new Error(`${node.name}: there is no machine for the node`);
    const { folder: storage, inventory } = partOf(node);
    const sysctls = { ...kernelDefaultsOf(node, settings), ...own.sysctls };
    return { machine, inventory, steps: stepsOf(machine.capabilities, { ...own, sysctls, storage }) };
  });
  const preflight = new Preflight(
    "preflight",
    {
      hosts: nodes.map(({ machine: { name, role, address, incarnation, capabilities }, steps }) => {
        const modules = modulesOf(steps).filter((module) => !NODE_MODULES.includes(module));
        const { sharedKernel } = capabilities;
        const host = { name, role, sharedKernel, ...(modules.length > 0 ? { modules } : {}) };
        return pulumi.all([address, incarnation]).apply(([at, of]) => ({ ...host, address: at, incarnation: of }));
      }),
      targets: machines.map(sshTarget),
      expected: expectations(settings, parts),
    },
    { dependsOn: machines.map(({ running }) => running) },
  );
  const accepted = [...settings.preflight.accept];
  return nodes.map(({ machine, inventory, steps }) => {
    const inspection = new HostInspection(
      `${machine.name}-inspection`,
      {
        target: sshTarget(machine),
        incarnation: machine.incarnation,
        steps: [...steps.map(({ name }) => name), ...parts.map(({ step }) => step)],
        sharedKernel: machine.capabilities.sharedKernel,
        ...(accepted.length > 0 ? { accepted } : {}),
      },
      { deletedWith: machine.resource, dependsOn: [machine.running, preflight] },
    );
    const prepared = new PreparedNode(machine.name, { machine, steps, drift: (step) => inspection.drift(step) });
    for (const part of parts) part.install(machine, { drift: inspection.drift(part.step), after: [prepared] });
    return { prepared, inventory };
  });
}

/** Kernel modules that the steps of a host load. */
function modulesOf(steps: readonly HostStep[]): string[] {
  const facts = steps.flatMap(({ expected }) => expected);
  return [...new Set(facts.flatMap(({ kind, key }) => (kind === "module" ? [key] : [])))];
}

/** What the settings say of hosts, as the preflight takes it. */
function expectations(settings: Settings, parts: readonly HostPart[]): Expectations {
  const { cilium } = settings.addons;
  const { kubelet, kubeadm, podSubnet, serviceSubnet } = settings.cluster;
  const { host: apiHost, port: apiPort } = controlPlaneEndpoint(settings);
  return {
    ...(apiHost === undefined ? {} : { apiHost }),
    apiPort,
    cilium: cilium.enabled,
    hubble: cilium.hubble.enabled,
    subnets: [
      { setting: "cluster.podSubnet", subnet: podSubnet },
      { setting: "cluster.serviceSubnet", subnet: serviceSubnet },
    ],
    // Kubelet's own default since 1.35.
    refusesCgroupV1: kubelet.failCgroupV1 ?? true,
    ignored: kubeadm.ignorePreflightErrors,
    accepted: settings.preflight.accept,
    runtimes: Object.entries(settings.containerd.runtimes).map(([name, { binary }]) => ({
      name,
      ...(binary === undefined ? {} : { binary }),
    })),
    packages: [
      ...STEPS.flatMap(({ packages }) => packages?.(nodeSteps(settings)) ?? []),
      ...parts.flatMap(({ packages }) => packages),
    ],
  };
}

/** What the settings say of hosts, as the steps take it. */
export function nodeSteps(settings: Settings): NodeSteps {
  return {
    kubernetesVersion: settings.cluster.kubernetesVersion,
    kubernetesDebRevision: versions.kubernetesDebRevision,
    criToolsVersion: versions.criTools,
    containerdVersion: versions.containerd,
    containerd: settings.containerd,
    modules: settings.modules,
    sysctls: settings.sysctls,
    repositories: settings.mirrors.apt,
    accepted: settings.preflight.accept,
    proxy: settings.proxy,
  };
}

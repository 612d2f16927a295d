import * as pulumi from "@pulumi/pulumi";
import type { ClusterSettings } from "../../settings";
import { KubeadmJoin } from "../../providers/kubeadm/resource";
import { type Machine, sshTarget } from "../../providers/machines/machine";
import type { InventoriedNode } from "../node/prepare-nodes";
import { RemoteStep } from "../remote/remote-step";
import { ControlPlane } from "./control-plane";
import type { Endpoint } from "./endpoint";
import { joinConfig, kubeletPatch, registrationTaints } from "./kubeadm-config";
import { nodeMetadataScript } from "./node-metadata";

interface ClusterArgs {
  name: string;
  settings: ClusterSettings;
  endpoint: Endpoint;
  nodes: InventoriedNode[];
}

/** A kubeadm cluster: the first control plane, the other nodes, and what the inventory says of each. */
export class Cluster extends pulumi.ComponentResource {
  /** admin.conf with the endpoint as its server. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  readonly endpoint: Endpoint;
  /** Changes exactly when the cluster is another one. */
  readonly identity: pulumi.Output<string>;
  /** The first control plane, which holds the cluster's state. */
  readonly controlPlane: Machine;
  readonly nodeNames: string[];
  /** Done when the API answers. */
  readonly controlPlaneReady: pulumi.Resource;
  /** Done when every node has registered. Nodes are not Ready before they have a network. */
  readonly members: pulumi.Resource[];
  /** Done when the nodes have the labels, annotations and taints of the inventory. */
  readonly labelled: pulumi.Resource;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:cluster:Cluster", name, {}, opts);
    const [first, ...others] = firstControlPlaneFirst(args.nodes);
    this.controlPlane = first.prepared.machine;
    this.endpoint = args.endpoint;
    this.nodeNames = args.nodes.map(({ inventory }) => inventory.name);

    const controlPlane = new ControlPlane(
      `${name}-control-plane`,
      { name: args.name, settings: args.settings, endpoint: args.endpoint, node: first },
      { parent: this },
    );
    const joined = others.map((node) => this.join(node, controlPlane, args.settings));
    this.labelled = new RemoteStep(
      `${name}-node-metadata`,
      {
        step: "node-metadata",
        host: this.controlPlane,
        commands: nodeMetadataScript(
          args.nodes.map(({ inventory }) => inventory),
          others.length === 0,
        ),
      },
      { parent: this, dependsOn: [controlPlane, ...joined] },
    );

    this.kubeconfig = controlPlane.kubeconfig;
    this.identity = controlPlane.identity;
    this.controlPlaneReady = controlPlane;
    this.members = [controlPlane, ...joined];
    this.registerOutputs();
  }

  /** Without its control plane there is no cluster to leave; a node that is taken out of the inventory leaves properly. */
  private join(node: InventoriedNode, controlPlane: ControlPlane, settings: ClusterSettings): KubeadmJoin {
    const { machine } = node.prepared;
    const registration = { name: machine.name, taints: registrationTaints(node.inventory), ...settings.kubeadm };
    return new KubeadmJoin(
      `${machine.name}-join`,
      {
        nodeName: machine.name,
        node: sshTarget(machine),
        controlPlane: sshTarget(controlPlane.machine),
        incarnation: machine.incarnation,
        cluster: controlPlane.identity,
        config: pulumi.output(machine.address).apply((address) => joinConfig({ ...registration, address })),
        kubeletPatch: kubeletPatch(node.inventory),
      },
      { parent: this, dependsOn: [node.prepared, controlPlane], deletedWith: controlPlane.machine.resource },
    );
  }
}

/** The settings guarantee that there is a control plane. */
function firstControlPlaneFirst(nodes: InventoriedNode[]): [InventoriedNode, ...InventoriedNode[]] {
  const first = nodes.find(({ inventory }) => inventory.role === "control-plane");
  if (!first) throw new Error("a cluster needs a control plane");
  return [first, ...nodes.filter((node) => node !== first)];
}

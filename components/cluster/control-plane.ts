import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../providers/machines/machine";
import type { InventoriedNode } from "../node/prepare-nodes";
import { RemoteStep } from "../remote/remote-step";
import type { ClusterSettings } from "../../settings";
import type { Endpoint } from "./endpoint";
import { initScript } from "./init-script";
import { kubeconfig } from "./kubeconfig";
import { clusterConfig, initRegistration, kubeletPatch, registrationTaints, settingsHash } from "./kubeadm-config";
import { durationSeconds, totalSeconds } from "../../settings/duration";
import { nodePorts } from "../../providers/host/preflight/ports";

interface ControlPlaneArgs {
  /** The cluster's name. */
  name: string;
  settings: ClusterSettings;
  endpoint: Endpoint;
  node: InventoriedNode;
}

/** For what `kubeadm init` does without a limit of its own, as pulling images. In seconds. */
const PULL_SECONDS = 1200;

/** The first control plane: `kubeadm init`, and the kubeconfig that it makes. */
export class ControlPlane extends pulumi.ComponentResource {
  readonly machine: Machine;
  /** admin.conf with the endpoint as its server. Secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Changes exactly when the cluster is another one: with the machine that holds its state. */
  readonly identity: pulumi.Output<string>;

  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:cluster:ControlPlane", name, {}, opts);
    this.machine = args.node.prepared.machine;
    this.identity = this.machine.incarnation;

    const init = new RemoteStep(
      `${name}-init`,
      {
        step: "kubeadm-init",
        host: this.machine,
        commands: initBody(args),
        timeout: `${PULL_SECONDS + totalSeconds(args.settings.kubeadm.timeouts)}s`,
      },
      { parent: this, dependsOn: args.node.prepared },
    );
    const adminConf = new RemoteStep(
      `${name}-kubeconfig`,
      { step: "kubeconfig", host: this.machine, commands: "cat /etc/kubernetes/admin.conf\n" },
      { parent: this, dependsOn: init, answers: true },
    );
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([adminConf.answer, args.endpoint.host])
        .apply(([conf, host]) => kubeconfig(conf, host, args.endpoint.port)),
    );
    this.registerOutputs();
  }
}

/** The script of `kubeadm init`. Known before there is anything where the addresses are. */
function initBody(args: ControlPlaneArgs): pulumi.Output<string> {
  const { machine } = args.node.prepared;
  return pulumi.all([machine.address, args.endpoint.host]).apply(([address, host]) => {
    const endpoint = { host, port: args.endpoint.port };
    const config = { clusterName: args.name, cluster: args.settings, endpoint, address };
    return initScript({
      registration: initRegistration({
        endpoint,
        node: {
          name: machine.name,
          address,
          taints: registrationTaints(args.node.inventory),
          ...args.settings.kubeadm,
        },
      }),
      cluster: clusterConfig(config),
      settingsHash: settingsHash(config),
      kubeletPatch: kubeletPatch(args.node.inventory),
      ports: nodePorts("control-plane", endpoint.port),
      apiSeconds: durationSeconds(args.settings.kubeadm.timeouts.controlPlaneComponentHealthCheck),
    });
  });
}

import * as pulumi from "@pulumi/pulumi";
import { TailscaleLogin } from "../../../providers/tailscale/resource";
import type { Settings, TailscaleSettings } from "../../../settings";
import { versions } from "../../../versions";
import { type Machine, sshTarget } from "../../../providers/machines/machine";
import type { Drift } from "../../remote/drift";
import { RemoteStep } from "../../remote/remote-step";
import { tailnetName } from "./tailnet-name";
import type { AptRepository } from "../../node/apt-repository";
import type { HostPart } from "../addon";
import { proxyEnvironment } from "../../node/proxy";
import { tailscaleExpected, tailscalePackages, tailscaleScript } from "./step";

/** The step's name on the host. */
const STEP = "tailscale";

/** Tailscale on the hosts; `undefined` where nothing can log them in. */
export function tailscaleOnHosts({ addons: { tailscale }, mirrors, proxy, preflight }: Settings): HostPart | undefined {
  if (!tailscale.oauth && !tailscale.machines.authKey) return undefined;
  const repository = mirrors.apt.tailscale;
  return {
    step: STEP,
    packages: [tailscalePackages({ version: versions.tailscale, repository })],
    install: (machine, args) => {
      new TailscaleMachine(`${machine.name}-tailnet`, {
        ...{ ...args, machine, tailscale, repository, proxy },
        accepted: preflight.accept,
      });
    },
  };
}

interface TailscaleMachineArgs {
  machine: Machine;
  tailscale: TailscaleSettings;
  repository: AptRepository;
  proxy: Settings["proxy"];
  accepted: Settings["preflight"]["accept"];
  drift: pulumi.Output<Drift>;
  /** What must be there first. */
  after: pulumi.Resource[];
}

/** Tailscale on a host. Nothing waits for it: a tailnet that can't be reached is no reason to have no cluster. */
class TailscaleMachine extends pulumi.ComponentResource {
  constructor(name: string, { machine, tailscale, repository, proxy, accepted, drift, after }: TailscaleMachineArgs) {
    super("homelab:node:TailscaleMachine", name);
    const { sharedKernel } = machine.capabilities;
    const step = { version: versions.tailscale, repository, sharedKernel, accepted };
    const installed = new RemoteStep(
      `${machine.name}-${STEP}`,
      {
        step: STEP,
        host: machine,
        commands: tailscaleScript(step),
        expected: tailscaleExpected(step),
        drift,
        environment: proxyEnvironment(proxy),
      },
      { parent: this, dependsOn: after },
    );
    const { oauth, loginServer, machines } = tailscale;
    new TailscaleLogin(
      `${machine.name}-tailscale-login`,
      {
        node: sshTarget(machine),
        incarnation: machine.incarnation,
        hostname: tailnetName(machine.name),
        tags: [...machines.tags],
        loginServer: loginServer ?? "",
        ...(oauth
          ? { oauth: pulumi.secret({ clientId: oauth.clientId, clientSecret: oauth.clientSecret.reveal() }) }
          : {}),
        ...(machines.authKey ? { authKey: pulumi.secret(machines.authKey.reveal()) } : {}),
      },
      // Without `deletedWith`: a host that is deleted leaves the tailnet too.
      { parent: this, dependsOn: installed },
    );
    this.registerOutputs();
  }
}

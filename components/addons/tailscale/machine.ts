import * as pulumi from "@pulumi/pulumi";
import { TailscaleLogin } from "../../../providers/tailscale/resource";
import type { DeepReadonly, Secret, Settings } from "../../../settings";
import { versions } from "../../../versions";
import { type Machine, sshTarget } from "../../../providers/machines/machine";
import type { Drift } from "../../remote/drift";
import { RemoteStep } from "../../remote/remote-step";
import { tailnetName } from "./tailnet-name";
import type { AptRepository } from "../../node/apt-repository";
import { proxyEnvironment } from "../../node/proxy";
import { tailscaleExpected, tailscaleScript } from "./step";

/** The step's name on the host. */
export const TAILSCALE_STEP = "tailscale";

export interface TailscaleMachineSettings {
  /** Of the package tailscale. */
  version: string;
  repository: AptRepository;
  /** Proxies, by the names of their variables. */
  environment: Readonly<Record<string, string>>;
  tags: readonly string[];
  /** Empty for Tailscale's own. */
  loginServer: string;
  /** One of both is there. */
  oauth?: DeepReadonly<{ clientId: string; clientSecret: Secret }>;
  authKey?: DeepReadonly<Secret>;
}

export interface TailscaleMachineArgs {
  machine: Machine;
  settings: TailscaleMachineSettings;
  drift: pulumi.Output<Drift>;
  /** What must be there first. */
  after: pulumi.Resource[];
}

/** Tailscale on a host. Nothing waits for it: a tailnet that can't be reached is no reason to have no cluster. */
export class TailscaleMachine extends pulumi.ComponentResource {
  constructor(name: string, args: TailscaleMachineArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:node:TailscaleMachine", name, {}, opts);
    const { machine, settings } = args;
    const step = { ...settings, sharedKernel: machine.capabilities.sharedKernel };
    const installed = new RemoteStep(
      `${machine.name}-${TAILSCALE_STEP}`,
      {
        step: TAILSCALE_STEP,
        host: machine,
        commands: tailscaleScript(step),
        expected: tailscaleExpected(step),
        drift: args.drift,
        environment: settings.environment,
      },
      { parent: this, dependsOn: args.after },
    );
    const { oauth, authKey } = settings;
    new TailscaleLogin(
      `${machine.name}-tailscale-login`,
      {
        node: sshTarget(machine),
        incarnation: machine.incarnation,
        hostname: tailnetName(machine.name),
        tags: [...settings.tags],
        loginServer: settings.loginServer,
        ...(oauth
          ? { oauth: pulumi.secret({ clientId: oauth.clientId, clientSecret: oauth.clientSecret.reveal() }) }
          : {}),
        ...(authKey ? { authKey: pulumi.secret(authKey.reveal()) } : {}),
      },
      // Without `deletedWith`: a host that is deleted leaves the tailnet too.
      { parent: this, dependsOn: installed },
    );
    this.registerOutputs();
  }
}

/** What the settings say of Tailscale on the hosts; `undefined` where it is off, or where nothing can log them in. */
export function tailscaleMachines(settings: Settings): TailscaleMachineSettings | undefined {
  const { machines, oauth, loginServer } = settings.addons.tailscale;
  if (!machines.enabled || (!oauth && !machines.authKey)) return undefined;
  return {
    version: versions.tailscale,
    repository: settings.mirrors.apt.tailscale,
    environment: proxyEnvironment(settings.proxy),
    tags: machines.tags,
    loginServer: loginServer ?? "",
    ...(oauth ? { oauth } : {}),
    ...(machines.authKey ? { authKey: machines.authKey } : {}),
  };
}

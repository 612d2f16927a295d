import { withSsh } from "../../host/ssh/connect";
import { HostError } from "../../host/ssh/errors";
import { poll } from "../../poll";
import { findVm, startVm, type Vm } from "./client";
import { type MachineInputs, type MachineOutputs, removeCommand } from "./machine";

/** Where the SSH servers of VMs listen. An object, because the tests' server can't have port 22. */
export const SSH = { port: 22 };
/** A VM boots in about 20 s; several at once on a small workstation take minutes. In seconds. */
const BOOT_LIMIT = 300;
/** The user's own user-data may install things. In seconds. */
const CLOUD_INIT_LIMIT = 1200;
const POLL_EVERY_SECONDS = 1;

/** Waits until a VM runs and has an address; starts it where it is switched off. */
export async function waitUntilRunning(name: string, limitSeconds = BOOT_LIMIT): Promise<Vm> {
  let [seen, started]: [Vm | undefined, boolean] = [undefined, false];
  const ask = async () => {
    seen = await findVm(name);
    if (!seen) throw new Error(`${name}: the VM went away while it was waited for. Run the same command again`);
    if (seen.state === "Running" && seen.ipv4.length > 0) return seen;
    if (!started && isOff(seen)) {
      started = true;
      await startVm(name);
    }
    return undefined;
  };
  const running = await poll(ask, { limitSeconds, everySeconds: POLL_EVERY_SECONDS });
  if (!running) throw new Error(notRunning(name, seen, limitSeconds));
  return running;
}

export function isOff(vm: Pick<Vm, "state">): boolean {
  return vm.state === "Stopped" || vm.state === "Suspended";
}

function notRunning(name: string, vm: Vm | undefined, limitSeconds: number): string {
  const what = vm?.state === "Running" ? "runs without an address" : `is '${vm?.state}' instead of Running`;
  return (
    `${name}: the VM ${what} after ${limitSeconds} s. See \`multipass info ${name}\`, ` +
    `restart it with \`multipass restart ${name}\`, then run the same command again`
  );
}

/** Waits until SSH answers with the pinned key, cloud-init is done and systemd says that the VM has booted. One connection. */
export async function waitUntilReady(
  machine: Pick<MachineInputs, "name" | "user" | "clientKey" | "hostKeyPublic">,
  address: string,
): Promise<void> {
  const { name } = machine;
  const doing = "waiting for the VM to boot";
  const target = {
    name,
    host: address,
    port: SSH.port,
    user: machine.user,
    privateKey: machine.clientKey,
    hostKey: machine.hostKeyPublic,
  };
  await withSsh(target, { timeoutSeconds: BOOT_LIMIT }, doing, async (session) => {
    const refuse = (problem: string, action: string) => {
      throw new HostError({ kind: "command", host: name, doing, problem, action });
    };
    const cloudInit = await session.run("cloud-init status --wait", { timeoutSeconds: CLOUD_INIT_LIMIT });
    // 2 means warnings alone.
    if (cloudInit.exitCode !== 0 && cloudInit.exitCode !== 2) {
      const said = (cloudInit.stdout + cloudInit.stderr).trim().slice(-1_000);
      refuse(
        `cloud-init says '${said}'`,
        `\`multipass exec ${name} -- cloud-init status --long\` says why; correct 'cloudInit'`,
      );
    }
    const systemd = await session.run("systemctl is-system-running --wait", { timeoutSeconds: BOOT_LIMIT });
    const state = systemd.stdout.trim() || systemd.stderr.trim();
    // Degraded: a unit failed, which is the machine's affair as it is on a host.
    if (state !== "running" && state !== "degraded") {
      refuse(`systemd in the VM says '${state}' instead of 'running'`, `Restart it with \`multipass restart ${name}\``);
    }
  });
}

type Recorded = Pick<MachineOutputs, "name" | "address">;

/**
 * A running VM's address on Multipass' own network: the recorded one where the VM still has it, else the first, which is that
 * network's. `undefined` where it has none.
 */
export function addressOf(vm: Vm, recorded: string): string | undefined {
  return vm.ipv4.includes(recorded) ? recorded : vm.ipv4[0];
}

/** True where DHCP gave the VM another address than the one that the cluster was built on. */
export function hasMoved(address: string, current: string): boolean {
  return address !== "" && current !== address;
}

/**
 * The address at which a VM is now; the recorded one while it has none.
 *
 * @throws Error where DHCP gave the VM another address than the cluster was built on
 */
export function located(recorded: Recorded, vm: Vm): string {
  const current = addressOf(vm, recorded.address) ?? recorded.address;
  if (hasMoved(recorded.address, current)) throw new Error(movedMessage(recorded, current));
  return current;
}

/** Why nothing is done for a VM whose address changed, and what the person can do. */
function movedMessage({ name, address }: Recorded, current: string): string {
  return (
    `${name}: the VM's address was ${address} and is ${current} now: Multipass gives addresses by DHCP, and this one changed ` +
    `when the VM was started. The cluster's certificates and its nodes name ${address}, so nothing was changed. ` +
    `To get that address back, restart the VM (\`multipass restart ${name}\`; if another VM has the address, stop that one first), ` +
    "then run `pulumi up --refresh`. " +
    `To recreate the VM instead, with the loss of all that is on it: \`${removeCommand(name)}\`, then \`pulumi up --refresh\`; ` +
    "where it is the control plane, `pulumi destroy` and `pulumi up` recreate the whole cluster"
  );
}

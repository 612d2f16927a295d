import { withSsh } from "../../host/ssh/connect";
import { HostError } from "../../host/ssh/errors";
import type { SshTarget } from "../../host/ssh/target";
import { poll } from "../../poll";
import { findVm, startVm, type Vm, withOwnAddresses } from "./client";
import { type MachineInputs, type MachineOutputs, removeCommand } from "./machine";

/**
 * Where the SSH servers of VMs listen, and how long the first address of several is tried before the others, and each of those. In
 * seconds. An object, because the tests' server can't have port 22, and tests needn't wait.
 */
export const SSH = { port: 22, firstSeconds: 60, otherSeconds: 10 };
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

type Reached = Pick<MachineInputs, "name" | "user" | "clientKey" | "hostKeyPublic">;

const BOOTING = "waiting for the VM to boot";

/** Waits until SSH answers with the pinned key, cloud-init is done and systemd says that the VM has booted. One connection. */
export async function waitUntilReady(machine: Reached, address: string): Promise<void> {
  const { name } = machine;
  await withSsh(targetAt(machine, address), { timeoutSeconds: BOOT_LIMIT }, BOOTING, async (session) => {
    const refuse = (problem: string, action: string) => {
      throw new HostError({ kind: "command", host: name, doing: BOOTING, problem, action });
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

function targetAt({ name, user, clientKey, hostKeyPublic }: Reached, host: string): SshTarget {
  return { name, host, port: SSH.port, user, privateKey: clientKey, hostKey: hostKeyPublic };
}

/**
 * The address at which a running VM answers with its host key. Where Multipass names several and the VM can't be asked which it has
 * (`withOwnAddresses`), the first is tried, then the others: another machine may have the first by now.
 *
 * @throws HostError with all addresses, where the VM answers at none
 * @throws Error where it answers at another than the recorded one, which the cluster was built on
 */
export async function answeringAddress(machine: Reached, recorded: string, found: Vm): Promise<string> {
  const { name } = machine;
  const vm = await withOwnAddresses(name, found);
  const first = located({ name, address: recorded }, vm);
  const others = vm.ipv4.filter((address) => address !== first);
  if (others.length === 0) return first;
  const answers = (address: string, timeoutSeconds: number) =>
    withSsh(targetAt(machine, address), { timeoutSeconds }, BOOTING, () => Promise.resolve());
  try {
    await answers(first, SSH.firstSeconds);
    return first;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    for (const other of others) {
      // Whoever has another key there is another machine, and nothing was sent to it.
      const isIt = await answers(other, SSH.otherSeconds).then(
        () => true,
        () => false,
      );
      if (isIt && recorded !== "") throw new Error(movedMessage({ name, address: recorded }, other));
      if (isIt) return other;
    }
    const problem = `${error.problem}; Multipass names ${others.join(", ")} too, and nothing with the VM's host key answers there`;
    throw new HostError({ kind: error.kind, host: name, doing: BOOTING, problem, action: error.action });
  }
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

import { HostError } from "../../host/ssh/errors";
import { withSsh } from "../../host/ssh/connect";
import { type MachineOutputs, machineId } from "./machine";
import { consoleTail } from "./process";

const SSH_PORT = 22;
/** A machine boots in 5 to 8 s on two cores; several at once take longer. In seconds. */
const BOOT_LIMIT = 180;

type Tried = Parameters<typeof machineId>[0] & Pick<MachineOutputs, "address" | "user" | "clientKey" | "hostKeyPublic">;

/** Waits until SSH answers with the pinned key and systemd says that the machine has booted. One connection. */
export async function waitUntilReady(machine: Tried): Promise<void> {
  const doing = "waiting for the machine to boot";
  const target = {
    name: machine.name,
    host: machine.address,
    port: SSH_PORT,
    user: machine.user,
    privateKey: machine.clientKey,
    hostKey: machine.hostKeyPublic,
  };
  try {
    const state = await withSsh(target, { timeoutSeconds: BOOT_LIMIT }, doing, async (session) => {
      const result = await session.run("systemctl is-system-running --wait", { timeoutSeconds: BOOT_LIMIT });
      return result.stdout.trim() || result.stderr.trim();
    });
    // Degraded: a unit failed, which is the machine's affair as it is on a host.
    if (state === "running" || state === "degraded") return;
    throw new Error(`${machine.name}: systemd on the machine says '${state}' instead of 'running'`);
  } catch (error) {
    if (!(error instanceof HostError) || error.kind !== "unreachable") throw error;
    const console = await consoleTail(machineId(machine));
    throw new Error(`${error.message}\nThe end of its console:\n${console}`, { cause: error });
  }
}

import { existsSync, readFileSync } from "node:fs";
import { withSsh } from "../../host/ssh/connect";
import { HostError } from "../../host/ssh/errors";
import { SSH_PORT } from "../../host/ssh/target";
import { quote } from "../../host/shell/quote";
import { cgroupHost, killCgroup, removeCgroup } from "./cgroup";
import { type HostFeatures, startScript, supervisorScript } from "./launch";
import {
  cgroupName,
  CONSOLE_LOG,
  hostInterface,
  lockScript,
  machineDir,
  type MachineId,
  nspawnName,
  PROCESS,
  SUPERVISOR,
} from "./layout";
import { type MachineOutputs, machineId } from "./machine";
import { asRoot } from "./root";

/** How long a machine may take to switch itself off before it is killed. In seconds. */
const STOP_SECONDS = 30;
const LIMIT = 120;

/** What there is on this workstation that a machine uses. */
export function hostFeatures(): HostFeatures {
  return { cgroup: cgroupHost(), modules: existsSync("/lib/modules") };
}

/** This workstation's boot; undefined where it can't be told (not Linux). */
export function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}

/**
 * Shell lines that define `running`: the machine's own systemd-nspawn lives. The process is known by its id, its start
 * time, the boot and its command line, so that another that got the same id later is not taken for it. Sets `pid`.
 */
function runningFunction(id: MachineId): string {
  return `running() {
  local start boot
  read -r pid start boot 2>/dev/null <${quote(`${machineDir(id)}/${PROCESS}`)} || return 1
  [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] || return 1
  [ "$start" = "$(cut -d' ' -f22 "/proc/$pid/stat" 2>/dev/null)" ] || return 1
  tr '\\0' '\\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -e ${quote(`--machine=${nspawnName(id)}`)}
}`;
}

/** Shell lines that switch the machine off and remove what it leaves on this workstation besides its tree. */
function stopScript(id: MachineId, host: HostFeatures): string {
  const name = cgroupName(id);
  return `${lockScript(id)}
${runningFunction(id)}
if running; then
  kill -TERM "$pid"
  for _ in $(seq ${STOP_SECONDS * 5}); do running || break; sleep 0.2; done
  if running; then kill -KILL "$pid"; sleep 0.5; fi
fi
${killCgroup(host.cgroup, name)}
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  leftover=$( {
${removeCgroup(host.cgroup, name)}
} 2>&1 ) && break
  sleep 0.5
done
[ -z "\${leftover:-}" ] || echo "$leftover" >&2
if ip link show ${hostInterface(id)} >/dev/null 2>&1; then ip link delete ${hostInterface(id)} || true; fi
rm -rf /run/systemd/nspawn/propagate/${nspawnName(id)} /run/systemd/nspawn/unix-export/${nspawnName(id)}
rm -f ${quote(`${machineDir(id)}/${PROCESS}`)}`;
}

/** Starts the machine, unless it runs already. */
export async function startMachine(id: MachineId): Promise<void> {
  const host = hostFeatures();
  const dir = quote(machineDir(id));
  const script = `${lockScript(id)}
${runningFunction(id)}
if running; then return 0; fi
ip link show ${quote(id.bridge)} >/dev/null
rm -f ${dir}/${PROCESS}
: >${dir}/${CONSOLE_LOG}
cat >${dir}/${SUPERVISOR} <<'END OF SUPERVISOR'
${supervisorScript(id, host)}END OF SUPERVISOR
${startScript(id, host)}
for _ in $(seq 50); do if running && ip link show ${hostInterface(id)} >/dev/null 2>&1; then return 0; fi; sleep 0.1; done
echo "systemd-nspawn ended at once:" >&2
tail -n 20 ${dir}/${CONSOLE_LOG} >&2
return 1`;
  await asRoot(`starting the machine ${id.name}`, script, LIMIT);
}

/** Whether the machine runs, as its process says. */
export async function isRunning(id: MachineId): Promise<boolean> {
  const script = `${runningFunction(id)}
if running; then echo running; fi`;
  return (await asRoot(`checking the machine ${id.name}`, script, LIMIT)) === "running";
}

export async function stopMachine(id: MachineId): Promise<void> {
  await asRoot(`stopping the machine ${id.name}`, stopScript(id, hostFeatures()), LIMIT);
}

/** The end of the machine's console, for messages; empty where there is none. */
export async function consoleTail(id: MachineId): Promise<string> {
  const log = quote(`${machineDir(id)}/${CONSOLE_LOG}`);
  return asRoot("reading the console", `[ ! -e ${log} ] || tail -n 15 ${log} | tr -d '\\r'`, LIMIT);
}

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

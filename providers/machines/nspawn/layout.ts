import { quote } from "../../host/shell/quote";

/** Where a machine's things are, and what they are called. Pure. */

/** What identifies one machine on the workstation, through all its life. */
export interface MachineId {
  /** Its name in the settings; its hostname. */
  name: string;
  bridge: string;
  stateDir: string;
  /** Random, 8 hexadecimal digits, made with the machine. */
  incarnation: string;
}

/** Machines of different networks may have the same name: they belong to different stacks. */
export function machineDir(id: Pick<MachineId, "name" | "bridge" | "stateDir">): string {
  return `${id.stateDir}/machines/${id.bridge}/${id.name}`;
}

/** Longest wait for a script of an interrupted run that still works on the machine. In seconds. */
export const LOCK_LIMIT = 300;

/**
 * Shell lines that wait until no other run works on the machine, and keep others away until the script ends. A run that is
 * killed leaves its scripts running: the next run must not get in their way.
 */
export function lockScript(id: Pick<MachineId, "name" | "bridge" | "stateDir">): string {
  const dir = quote(machineDir(id));
  return `if [ -d ${dir} ]; then
  exec 8<${dir}
  flock --wait ${LOCK_LIMIT} 8 || { echo "another run still works on ${id.name}" >&2; return 1; }
fi`;
}

/** Kept until the machine is deleted: whose it is, and how far its making got. */
export const RECORD = "machine.json";
export const TREE = "tree";
export const CONSOLE_LOG = "console.log";
/** Process id and start time of systemd-nspawn itself, and the kernel's boot id. */
export const PROCESS = "process";
export const SUPERVISOR = "supervise";

/**
 * The name by which nspawn knows the machine. It is unique on the workstation, and short enough for the interface that nspawn
 * names after it (`vb-…`, at most 15 characters).
 */
export function nspawnName(id: Pick<MachineId, "name" | "incarnation">): string {
  return `${id.name.replaceAll(".", "-").slice(0, 5).replace(/-+$/, "")}-${id.incarnation.slice(0, 6)}`;
}

/** The workstation's end of the machine's cable. */
export function hostInterface(id: Pick<MachineId, "name" | "incarnation">): string {
  return `vb-${nspawnName(id)}`;
}

/** Name of the machine's cgroup in each hierarchy, and of its unit where systemd runs it. */
export function cgroupName(id: Pick<MachineId, "name" | "incarnation">): string {
  return `homelab-${nspawnName(id)}`;
}

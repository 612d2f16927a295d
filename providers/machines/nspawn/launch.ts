import { quote, quoteAll } from "../../host/shell/quote";
import { type CgroupHost, enterCgroup, removeCgroup } from "./cgroup";
import { cgroupName, CONSOLE_LOG, machineDir, type MachineId, nspawnName, PROCESS, SUPERVISOR, TREE } from "./layout";

/** How systemd-nspawn ends when the machine restarts itself (systemd-nspawn(1), and systemd-nspawn@.service). */
const REBOOT_EXIT_CODE = 133;

/**
 * What a machine may do beyond systemd-nspawn's own list: Cilium's agent asks for the first three, and loads programs into the
 * kernel. Left out, among others, are those that reach the workstation and that nothing in a machine needs: to set its clock
 * (CAP_SYS_TIME), to read and write its memory and ports (CAP_SYS_RAWIO), to change its security modules (CAP_MAC_…), to wake it.
 */
const CAPABILITIES = ["SYS_MODULE", "IPC_LOCK", "SYSLOG", "BPF", "PERFMON"].map((name) => `CAP_${name}`);

/** What there is on this workstation that a machine uses. */
export interface HostFeatures {
  cgroup: CgroupHost;
  /** There are kernel modules to load, in /lib/modules. */
  modules: boolean;
}

/** The environment of systemd-nspawn. */
export function nspawnEnvironment(host: HostFeatures): string[] {
  return [
    // Its filter would keep runc from joining the keyring.
    "SYSTEMD_SECCOMP=0",
    // Sysctls and interfaces must be writable, as on a host.
    "SYSTEMD_NSPAWN_API_VFS_WRITABLE=1",
    `SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=${host.cgroup.version === 2 ? 1 : 0}`,
  ];
}

/** The command line of systemd-nspawn for a machine. */
export function nspawnCommand(id: MachineId, host: HostFeatures): string[] {
  return [
    "systemd-nspawn",
    "--quiet",
    `--directory=${machineDir(id)}/${TREE}`,
    `--machine=${nspawnName(id)}`,
    `--hostname=${id.name}`,
    "--boot",
    // Works with and without systemd and its machine registry on this workstation.
    "--register=no",
    "--keep-unit",
    "--link-journal=no",
    "--settings=no",
    "--resolv-conf=off",
    "--timezone=off",
    "--console=read-only",
    `--network-bridge=${id.bridge}`,
    `--capability=${CAPABILITIES.join(",")}`,
    "--private-users=no",
    // The kubelet reads the kernel's log to find processes that ran out of memory.
    "--bind=/dev/kmsg",
    ...(host.modules ? ["--bind-ro=/lib/modules"] : []),
  ];
}

/**
 * The script that runs a machine until it is switched off, and starts it again when it restarts itself. Where systemd is in
 * charge of a v2 hierarchy, systemd starts it again, because a delegated group may hold no process besides nspawn.
 */
export function supervisorScript(id: MachineId, host: HostFeatures): string {
  const dir = machineDir(id);
  const run = [
    "run() {",
    indent(enterCgroup(host.cgroup, cgroupName(id))),
    "  local pid=$BASHPID",
    `  echo "$pid $(cut -d' ' -f22 "/proc/$pid/stat") $(cat /proc/sys/kernel/random/boot_id)" >${PROCESS}.part`,
    `  mv ${PROCESS}.part ${PROCESS}`,
    `  exec env ${quoteAll(nspawnEnvironment(host))} ${quoteAll(nspawnCommand(id, host))}`,
    "}",
  ].filter((line) => line !== "");
  const head = ["#!/bin/bash", "set -euo pipefail", `cd ${quote(dir)}`, ...run];
  if (byUnit(host)) return [...head, "run", ""].join("\n");
  return [
    ...head,
    "while true; do",
    "  # The last processes of the boot before may need a moment to end.",
    "  for _ in 1 2 3 4 5; do",
    "    {",
    indent(indent(indent(removeCgroup(host.cgroup, cgroupName(id))))),
    "    } 2>/dev/null && break",
    "    sleep 0.2",
    "  done",
    "  run &",
    "  code=0",
    '  wait "$!" || code=$?',
    `  [ "$code" = ${REBOOT_EXIT_CODE} ] || exit "$code"`,
    "done",
    "",
  ].join("\n");
}

/** Shell lines that start the supervisor, free of the process that starts it. */
export function startScript(id: MachineId, host: HostFeatures): string {
  const dir = quote(machineDir(id));
  const supervisor = `bash ${quote(`${machineDir(id)}/${SUPERVISOR}`)}`;
  if (byUnit(host)) {
    const properties = [
      "Delegate=yes",
      "KillMode=mixed",
      "TasksMax=infinity",
      "LimitNOFILE=infinity",
      `SuccessExitStatus=${REBOOT_EXIT_CODE}`,
      `RestartForceExitStatus=${REBOOT_EXIT_CODE}`,
    ].map((property) => `--property=${property}`);
    return `systemd-run --quiet --collect --unit=${quote(cgroupName(id))} ${quoteAll(properties)} \\
  --property=StandardOutput=append:${dir}/${CONSOLE_LOG} --property=StandardError=append:${dir}/${CONSOLE_LOG} ${supervisor}`;
  }
  return `setsid --fork ${supervisor} </dev/null >>${dir}/${CONSOLE_LOG} 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-`;
}

function byUnit(host: HostFeatures): boolean {
  return host.cgroup.version === 2 && host.cgroup.systemd;
}

function indent(lines: string): string {
  return lines.replace(/^(?=.)/gm, "  ");
}

import type { CgroupHost } from "../../../providers/machines/nspawn/cgroup";
import { enterCgroup, killCgroup, removeCgroup } from "../../../providers/machines/nspawn/cgroup";
import {
  nspawnCommand,
  nspawnEnvironment,
  startScript,
  supervisorScript,
} from "../../../providers/machines/nspawn/launch";
import {
  cgroupName,
  hostInterface,
  machineDir,
  type MachineId,
  nspawnName,
} from "../../../providers/machines/nspawn/layout";

const id: MachineId = { name: "worker1", bridge: "homelab", stateDir: "/srv/lab", incarnation: "0a1b2c3d" };
const v1: CgroupHost = { version: 1, hierarchies: ["cpuset", "memory", "systemd", "unified"] };
const v2: CgroupHost = { version: 2, systemd: false };
const unit: CgroupHost = { version: 2, systemd: true };

test("two stacks may have machines of the same name: nothing of theirs is called the same", () => {
  const other = { ...id, bridge: "test", incarnation: "ffffffff" };
  for (const name of [machineDir, nspawnName, hostInterface, cgroupName]) expect(name(id)).not.toBe(name(other));
});

test.each(["a", "cp1", "a-very-long-name-of-a-machine", "ab.cd", "abcd-efgh"])(
  "the interface of '%s' has a name that Linux takes",
  (name) => {
    expect(hostInterface({ ...id, name })).toMatch(/^vb-[a-z0-9]+(-[a-z0-9]+)*$/);
    expect(hostInterface({ ...id, name }).length).toBeLessThanOrEqual(15);
  },
);

test("nspawn gets the machine's tree, cable and name, and what a kubelet needs", () => {
  const command = nspawnCommand(id, { cgroup: v1, modules: false });
  expect(command).toEqual(
    expect.arrayContaining([
      "--directory=/srv/lab/machines/homelab/worker1/tree",
      "--machine=worke-0a1b2c",
      "--hostname=worker1",
      "--network-bridge=homelab",
      "--bind=/dev/kmsg",
      "--capability=CAP_SYS_MODULE,CAP_IPC_LOCK,CAP_SYSLOG,CAP_BPF,CAP_PERFMON",
    ]),
  );
  expect(command.join(" ")).not.toContain("/lib/modules");
  expect(nspawnCommand(id, { cgroup: v1, modules: true })).toContain("--bind-ro=/lib/modules");
});

test("the machine gets the version of cgroups that the workstation has", () => {
  expect(nspawnEnvironment({ cgroup: v1, modules: false })).toContain("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=0");
  expect(nspawnEnvironment({ cgroup: v2, modules: false })).toContain("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1");
});

test("on cgroup v1 the machine enters a group of its own in every hierarchy, and a cpuset is filled first", () => {
  const lines = enterCgroup(v1, "homelab-x").split("\n");
  for (const hierarchy of ["cpuset", "memory", "systemd", "unified"]) {
    expect(lines).toContain(`echo "$BASHPID" >/sys/fs/cgroup/${hierarchy}/homelab-x/cgroup.procs`);
  }
  const filled = lines.indexOf("cat /sys/fs/cgroup/cpuset/cpuset.cpus >/sys/fs/cgroup/cpuset/homelab-x/cpuset.cpus");
  const entered = lines.indexOf('echo "$BASHPID" >/sys/fs/cgroup/cpuset/homelab-x/cgroup.procs');
  expect(filled).toBeGreaterThanOrEqual(0);
  expect(entered).toBeGreaterThan(filled);
});

test("on cgroup v2 without systemd the machine gets a group by hand; with systemd, a delegated unit", () => {
  expect(enterCgroup(v2, "homelab-x")).toContain('echo "$BASHPID" >/sys/fs/cgroup/homelab-x/cgroup.procs');
  expect([enterCgroup(unit, "homelab-x"), killCgroup(unit, "homelab-x")]).toEqual(["", ""]);
  expect(removeCgroup(unit, "homelab-x")).toBe("true");
  const start = startScript(id, { cgroup: unit, modules: true });
  expect(start).toContain("systemd-run");
  for (const property of ["Delegate=yes", "RestartForceExitStatus=133", "SuccessExitStatus=133"]) {
    expect(start).toContain(property);
  }
});

test("a machine that restarts itself (133) is started again, any other end is final", () => {
  expect(supervisorScript(id, { cgroup: v1, modules: false })).toContain('[ "$code" = 133 ] || exit "$code"');
  // Under systemd the unit does that: a delegated group may hold no process besides nspawn.
  expect(supervisorScript(id, { cgroup: unit, modules: false })).not.toContain("while");
});

test("the machine is free of the process that starts it: an own session, and none of its open files", () => {
  const start = startScript(id, { cgroup: v1, modules: false });
  expect(start).toMatch(/^setsid --fork .* <\/dev\/null >>.*console\.log 2>&1 3>&-/);
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { quote } from "../../host/shell/quote";

/**
 * How this workstation arranges control groups, and so how a machine gets one of its own. Without one, the kubelets of all
 * machines would share `/kubepods` and kill each other's pods.
 */
export type CgroupHost =
  /** cgroup v1, also hybrid: one hierarchy per controller. `hierarchies` are the folders' names under /sys/fs/cgroup. */
  | { version: 1; hierarchies: string[] }
  /** cgroup v2 alone, and systemd is in charge: it gives a unit with a delegated group. */
  | { version: 2; systemd: true }
  /** cgroup v2 alone without systemd, as in a container: a group is made by hand. */
  | { version: 2; systemd: false };

const ROOT = "/sys/fs/cgroup";

/** How this workstation does it. */
export function cgroupHost(): CgroupHost {
  if (existsSync(`${ROOT}/cgroup.controllers`)) return { version: 2, systemd: existsSync("/run/systemd/system") };
  const mounted = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([, path, type]) => path?.startsWith(`${ROOT}/`) && (type === "cgroup" || type === "cgroup2"))
    .map(([, path]) => (path as string).slice(ROOT.length + 1));
  const linked = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return { version: 1, hierarchies: mounted.filter((name) => linked.some((entry) => entry.name === name)).sort() };
}

/**
 * A shell command that removes what an earlier boot left of the machine's cgroup. Deepest first: a group with children can't
 * be removed; nor can one with processes, and then the command fails.
 */
export function removeCgroup(host: CgroupHost, name: string): string {
  const removals = groupDirs(host, name).map((dir) => {
    return `{ [ ! -d ${quote(dir)} ] || find ${quote(dir)} -depth -type d -exec rmdir {} +; }`;
  });
  return removals.join(" &&\n") || "true";
}

/** Shell lines that make the machine's cgroup and move the running shell into it. Empty where systemd does it. */
export function enterCgroup(host: CgroupHost, name: string): string {
  if (host.version === 2) {
    if (host.systemd) return "";
    const dir = `${ROOT}/${name}`;
    return [
      "# Each alone: a kernel may lack one of them.",
      `for controller in cpuset cpu io memory pids hugetlb; do`,
      `  echo "+$controller" >${ROOT}/cgroup.subtree_control 2>/dev/null || true`,
      "done",
      `mkdir -p ${quote(dir)}`,
      `echo "$BASHPID" >${quote(dir)}/cgroup.procs`,
    ].join("\n");
  }
  return host.hierarchies
    .map((hierarchy) => {
      const dir = `${ROOT}/${hierarchy}/${name}`;
      const lines = [`mkdir -p ${quote(dir)}`];
      if (hierarchy.split(",").includes("cpuset")) {
        // A new cpuset is empty and takes no process; its children would be empty too.
        const parent = `${ROOT}/${hierarchy}`;
        lines.push(
          `cat ${parent}/cpuset.cpus >${dir}/cpuset.cpus`,
          `cat ${parent}/cpuset.mems >${dir}/cpuset.mems`,
          `echo 1 >${dir}/cgroup.clone_children`,
        );
      }
      lines.push(`echo "$BASHPID" >${quote(dir)}/cgroup.procs`);
      return lines.join("\n");
    })
    .join("\n");
}

/** Shell lines that end every process that is left in the machine's cgroup. */
export function killCgroup(host: CgroupHost, name: string): string {
  return groupDirs(host, name)
    .map(
      (dir) =>
        `find ${quote(dir)} -name cgroup.procs -exec cat {} + 2>/dev/null | xargs -r kill -KILL 2>/dev/null || true`,
    )
    .join("\n");
}

function groupDirs(host: CgroupHost, name: string): string[] {
  if (host.version === 1) return host.hierarchies.map((hierarchy) => `${ROOT}/${hierarchy}/${name}`);
  return host.systemd ? [] : [`${ROOT}/${name}`];
}

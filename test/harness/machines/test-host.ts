import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import execa from "execa";

/** A host of the tests as its owner sees it, whoever made it. What tests count in sshd's log is the program's alone. */
export abstract class TestHost {
  constructor(
    readonly name: string,
    readonly address: string,
  ) {}

  /** Runs a bash script on the host as root; fails the test where the exit code is not 0. */
  abstract run(script: string): Promise<string>;

  /** What is another one after each start. */
  abstract boot(): Promise<string>;

  /** True where the script ends with exit code 0. */
  async succeeds(script: string): Promise<boolean> {
    return this.run(script).then(
      () => true,
      () => false,
    );
  }

  /** Logins that sshd let in since the host was made: its journal's own words. */
  async logins(): Promise<number> {
    return Number(await this.run(`journalctl --quiet _COMM=sshd -o cat | grep -c '^Accepted publickey' || true`));
  }

  /**
   * What makes the host what it is, as text: files with their hashes and modes, packages, and the state of each unit.
   * What a running system changes by itself is left out.
   */
  async digest(): Promise<string> {
    return this.run(DIGEST);
  }
}

/** The lines that only one of two digests has. */
export function differences(one: string, other: string): string[] {
  const [lines, others] = [new Set(one.split("\n")), new Set(other.split("\n"))];
  return [
    ...[...lines].filter((line) => !others.has(line)).map((line) => `- ${line}`),
    ...[...others].filter((line) => !lines.has(line)).map((line) => `+ ${line}`),
  ];
}

/** A host that runs as a container: it is entered from the workstation, through its namespaces. */
export abstract class ContainerHost extends TestHost {
  /** Process id, on the workstation, of the host's own init: another one after each start. */
  abstract leader(): Promise<number>;

  /**
   * Runs a bash script on the host as root; fails the test where the exit code is not 0. It runs in the host's own cgroup
   * too: what Cilium does to sockets of the host, it does there.
   */
  async run(script: string): Promise<string> {
    const leader = await this.leader();
    const { stdout } = await execa(
      "bash",
      ["-c", ENTER, "bash", `${await cgroupOf(leader)}/cgroup.procs`, String(leader)],
      { input: `cd /; export PATH=/usr/sbin:/usr/bin:/sbin:/bin\n${script}\n`, env: { LC_ALL: "C" }, extendEnv: true },
    );
    return stdout;
  }

  async boot(): Promise<string> {
    return String(await this.leader());
  }
}

/** Its arguments: the file by which a process enters the host's cgroup, and the host's init. */
const ENTER = `echo $$ >"$1" && exec nsenter --target "$2" --all -- /bin/bash -euo pipefail -s`;

/** Folder of a process's cgroup v2, which on a host with cgroup v1 is beside the others. */
async function cgroupOf(pid: number): Promise<string> {
  const groups = (await readFile(`/proc/${pid}/cgroup`, "utf8")).split("\n");
  const own = groups.find((line) => line.startsWith("0::"))?.slice("0::".length) ?? "/";
  const root = existsSync("/sys/fs/cgroup/unified") ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup";
  return path.join(root, own);
}

/** Without what comes and goes by itself: the sessions of logins, which end a while after them, and the system's own timers. */
const DIGEST = `
folders=()
for folder in /etc /boot /home /opt /root /srv /usr/local /usr/bin /usr/sbin /var/lib/homelab; do
  [ ! -d "$folder" ] || folders+=("$folder")
done
files() {
  find "\${folders[@]}" -xdev -type f \\
    ! -path /etc/resolv.conf ! -path /etc/machine-id ! -name '*-' "$@"
}
files -printf 'mode %p %m\\n' | sort
files -print0 | sort -z | xargs -0 sha256sum
dpkg-query -W -f 'package \${Package} \${Version} \${Status}\\n'
systemctl list-unit-files --no-legend --plain | awk '$2 != "transient" { print "unit-file", $1, $2 }'
systemctl list-units --all --no-legend --plain --type service,timer,socket,swap | awk '{ print "unit", $1, $2, $3 }' |
  grep -vE ' (session-|user@|user-runtime-dir@|ssh@|systemd-tmpfiles-clean|apt-daily|dpkg-db-backup|man-db|logrotate|e2scrub|fstrim|systemd-timedated|systemd-hostnamed|systemd-localed|systemd-networkd-wait-online)' |
  sort
`;

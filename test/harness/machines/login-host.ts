import { readFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import path from "node:path";
import execa, { type ExecaChildProcess } from "execa";
import { cached, keyOf } from "../../../lab/build/cache";
import { must } from "../../../lab/run-program";
import { quote, quoteAll } from "../../../providers/host/shell/quote";
import type { SshTarget } from "../../../providers/host/ssh/target";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { eventually } from "../eventually";
import { freePort } from "../servers/free-port";
import { makeOwned, removeForgotten } from "./forgotten";
import { missingRequirements } from "./requirements";

const RECIPE = path.join(__dirname, "login-tree.sh");
/** A tree has devices: not every temporary folder takes them. */
const FOLDER = "/var/tmp/homelab-login";
const START_SECONDS = 30;

const NEEDS = { mmdebstrap: "mmdebstrap", unshare: "util-linux", mount: "mount", "ssh-keygen": "openssh-client" };

/** Why this workstation can't make a login host, for the report; nothing where it can. */
export function whyNoLoginHost(): string | undefined {
  return missingRequirements("making a tree with users, shells and sshd", NEEDS);
}

/** Which of Debian's sudo, and of its coreutils, are the ones that are found. */
export interface Tools {
  sudo: "sudo" | "sudo-rs";
  coreutils: "GNU" | "uutils";
}

export interface UserArgs {
  /** Path of the login shell. */
  shell?: string;
  /** What sudo asks for; left out: nothing. `null`: the user may not use sudo. */
  sudoPassword?: string | null;
}

/**
 * Debian 13 as far as logins go: a real sshd with PAM, real login shells and a real sudo, in a tree of its own with its own
 * processes. Nothing boots there, so that it runs beside any kernel.
 */
export class LoginHost {
  private readonly key = generateKeyPair();
  private sshd?: ExecaChildProcess;
  private hostKey = "";
  private port = 0;

  private constructor(
    private readonly set: string,
    private readonly tree: string,
  ) {}

  static async create(tools: Tools): Promise<LoginHost> {
    await removeForgotten(FOLDER, removeSet);
    const set = `${process.pid}-${tools.sudo}-${tools.coreutils}`;
    const tree = path.join(FOLDER, set, "rootfs");
    await makeOwned(path.join(FOLDER, set));
    await mkdir(tree);
    const host = new LoginHost(set, tree);
    try {
      await must("copying the tree", "tar", [
        "--extract",
        "--numeric-owner",
        "--xattrs",
        "-f",
        await ensureLoginTree(),
        "-C",
        tree,
      ]);
      await host.setUp(tools);
      await host.start();
    } catch (error) {
      await host.remove();
      throw error;
    }
    return host;
  }

  /** Runs a bash script as root in the tree; fails the test where it fails. */
  async run(script: string): Promise<string> {
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };
    const options = { input: script, env, extendEnv: false };
    return (await execa("chroot", [this.tree, "bash", "-euo", "pipefail", "-s"], options)).stdout;
  }

  /** A file of the tree, as text. */
  async read(file: string): Promise<string> {
    return readFile(path.join(this.tree, file), "utf8");
  }

  /** A user who logs in with the test's key. The name needn't be one that useradd takes: SSSD's are not in its files either. */
  async addUser(name: string, { shell = "/bin/bash", sudoPassword }: UserArgs = {}): Promise<void> {
    const home = `/home/${name.replace(/[^A-Za-z0-9.-]/g, "_")}`;
    const word = name.replace(/[\\@]/g, "\\$&");
    await this.run(`
id=$((1000 + $(wc -l </etc/passwd)))
printf '%s\\n' ${quote(`${name}:x:`)}$id:$id${quote(`::${home}:${shell}`)} >>/etc/passwd
printf '%s:x:%s:\\n' ${quote(name)} $id >>/etc/group
printf '%s:*:20000:0:99999:7:::\\n' ${quote(name)} >>/etc/shadow
install -d -m 700 -o $id -g $id ${quoteAll([home, `${home}/.ssh`])}
echo ${quote(this.key.public.trim())} >${quote(`${home}/.ssh/authorized_keys`)}
chown $id:$id ${quote(`${home}/.ssh/authorized_keys`)}
${sudoPassword === null ? "" : `printf '%s ALL=(ALL) ${sudoPassword === undefined ? "NOPASSWD: " : ""}ALL\\n' ${quote(word)} >>/etc/sudoers.d/test`}
${sudoPassword ? `printf '%s\\n' ${quote(`${name}:${sudoPassword}`)} | chpasswd` : ""}`);
  }

  target(user: string, sudoPassword?: string): SshTarget {
    const { port, hostKey } = this;
    return {
      ...{ name: "host1", host: "127.0.0.1", port, user, hostKey, privateKey: this.key.private },
      ...(sudoPassword === undefined ? {} : { sudoPassword }),
    };
  }

  async remove(): Promise<void> {
    this.sshd?.kill("SIGKILL");
    await this.sshd?.catch(() => undefined);
    await removeSet(this.set);
  }

  private async setUp({ sudo, coreutils }: Tools): Promise<void> {
    await this.run(`
echo host1 >/etc/hostname
echo '127.0.0.1 localhost host1' >/etc/hosts
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
install -m 440 /dev/null /etc/sudoers.d/test
${sudo === "sudo-rs" ? "ln -sf ../lib/cargo/bin/sudo /usr/bin/sudo" : `echo 'Defaults logfile=/var/log/sudo.log' >/etc/sudoers.d/log`}
${coreutils === "uutils" ? UUTILS : ""}`);
    this.hostKey = (await this.read("etc/ssh/ssh_host_ed25519_key.pub")).split(" ").slice(0, 2).join(" ");
  }

  private async start(): Promise<void> {
    this.port = await freePort();
    const args = [
      "--mount",
      "--pid",
      "--uts",
      "--fork",
      "--kill-child",
      "bash",
      "-euc",
      START,
      "bash",
      this.tree,
      String(this.port),
    ];
    this.sshd = execa("unshare", args, { stdin: "ignore" });
    this.sshd.catch(() => undefined);
    const answers = () =>
      new Promise<boolean>((resolve) => {
        const socket = connect(this.port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
        socket.on("connect", () => socket.destroy());
      });
    if (await eventually(answers, START_SECONDS)) return;
    throw new Error(`the login host's sshd does not answer: ${(await this.sshd).stderr}`);
  }
}

/** As Ubuntu does: each program is a link to the one of uutils. */
export const UUTILS = `for file in /usr/lib/cargo/bin/coreutils/*; do
  ln -sf "$file" "/usr/bin/\${file##*/}.new" && /usr/lib/cargo/bin/coreutils/mv -f "/usr/bin/\${file##*/}.new" "/usr/bin/\${file##*/}"
done`;

/** Its arguments: the tree and the port. */
const START = `hostname host1
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc "$1/proc"
mount -t tmpfs tmpfs "$1/run"
mount --rbind /dev "$1/dev"
mkdir "$1/run/sshd"
exec chroot "$1" /usr/sbin/sshd -D -e -p "$2" -o ListenAddress=127.0.0.1`;

async function removeSet(set: string): Promise<void> {
  await rm(path.join(FOLDER, set), { recursive: true, force: true });
}

/** The tree as a tar file; made at most once per workstation, in two minutes. */
export async function ensureLoginTree(): Promise<string> {
  const key = keyOf({ recipe: readFileSync(RECIPE, "utf8") }, []);
  const folder = await cached("login-host", key, async (result) => {
    await must("installing Debian 13 for the login host", "bash", [RECIPE, result]);
  });
  return path.join(folder, "rootfs.tar");
}

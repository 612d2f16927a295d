import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import path from "node:path";
import { must } from "../../../lab/run-program";
import { ensureImage } from "../../../lab/multipass/image";
import { makeOwned, removeForgotten } from "./forgotten";
import { ContainerHost } from "./test-host";
import { CHECKOUT, freeNetwork } from "../stacks/lab-settings";
import { missingRequirements } from "./requirements";
import { nspawnInit } from "./nspawn-init";

/** One folder for each set of VMs; it holds their trees, so it can't be in every temporary folder. */
const FOLDER = "/var/tmp/homelab-multipass";
const PROGRAMS = path.join(CHECKOUT, "lab", "multipass", "bin");

/** What the fake Multipass needs of this workstation, and the package that has it. */
const NEEDS = {
  "systemd-nspawn": "systemd-container",
  mmdebstrap: "mmdebstrap",
  ssh: "openssh-client",
  ip: "iproute2",
};

/**
 * Why this workstation can't run the fake Multipass, for the report; nothing where it can.
 *
 * @param more programs, each with its package
 */
export function whyNoFakeMultipass(more: Record<string, string> = {}): string | undefined {
  return missingRequirements("the fake Multipass", { ...NEEDS, ...more });
}

/** A VM of the fake Multipass, which is a machine in systemd-nspawn. */
export class MultipassHost extends ContainerHost {
  constructor(
    name: string,
    address: string,
    private readonly home: string,
  ) {
    super(name, address);
  }

  async leader(): Promise<number> {
    return nspawnInit(this.name, path.join(this.home, "instances", this.name, "machine.pid"));
  }

  /** Without those of Multipass itself: its service looks into VMs over SSH, as the image's own user. */
  override async logins(): Promise<number> {
    const count = `journalctl --quiet _COMM=sshd -o cat | grep -c '^Accepted publickey for homelab ' || true`;
    return Number(await this.run(count));
  }
}

/** A Multipass for one test: the fake one with a home, a bridge and a subnet of its own. */
export class MultipassHosts {
  private constructor(
    /** Name of the bridge. */
    readonly name: string,
    /** First three numbers of the VMs' /24; the workstation is its `.1`. */
    readonly network: string,
  ) {}

  /** @param name a few letters, with which the bridge's name begins */
  static async create(name: string): Promise<MultipassHosts> {
    await removeForgotten(FOLDER, (set) => new MultipassHosts(set, "").remove());
    await ensureImage();
    const made = new MultipassHosts(`${name}-${randomBytes(2).toString("hex")}`, freeNetwork());
    await makeOwned(made.home);
    return made;
  }

  private get home(): string {
    return path.join(FOLDER, this.name);
  }

  /** With it, `multipass` on `PATH` is this one. */
  get environment(): NodeJS.ProcessEnv {
    return {
      PATH: [PROGRAMS, process.env.PATH].join(path.delimiter),
      FAKE_MULTIPASS_HOME: this.home,
      FAKE_MULTIPASS_BRIDGE: this.name,
      FAKE_MULTIPASS_SUBNET: `${this.network}.0/24`,
    };
  }

  /** A VM that runs. */
  async host(name: string): Promise<MultipassHost> {
    const info = JSON.parse(await this.multipass("info", name, "--format", "json")) as {
      info: Record<string, { ipv4: string[] }>;
    };
    const address = info.info[name]?.ipv4[0];
    if (!address) throw new Error(`${name}: the VM has no address`);
    return new MultipassHost(name, address, this.home);
  }

  /** The names of all VMs, whatever their state. */
  async names(): Promise<string[]> {
    const { list } = JSON.parse(await this.multipass("list", "--format", "json")) as { list: { name: string }[] };
    return list.map(({ name }) => name);
  }

  /** Any command of the client; fails the test where the exit code is not 0. */
  async multipass(...args: string[]): Promise<string> {
    return must(`multipass ${args[0]}`, "multipass", args, { env: this.environment });
  }

  /** Takes everything away: VMs, whatever state they are in, their files, and the bridge. */
  async remove(): Promise<void> {
    await this.multipass("delete", "--all", "--purge");
    await rm(this.home, { recursive: true, force: true });
  }
}

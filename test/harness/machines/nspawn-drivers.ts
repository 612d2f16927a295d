import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { machineDriver } from "../../../providers/machines/nspawn/machine-driver";
import type { MachineInputs } from "../../../providers/machines/nspawn/machine";
import { networkDriver, type NetworkOutputs } from "../../../providers/machines/nspawn/network-driver";
import { readRecords } from "../../../providers/machines/nspawn/record";
import { withSsh } from "../../../providers/host/ssh/connect";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { freeNetwork } from "../stacks/lab-settings";
import { missingRequirements } from "./requirements";

/** Why this workstation can't run the drivers' machines, for the report; nothing where it can. */
export function whyNoNspawn(): string | undefined {
  return missingRequirements("reading processes and interfaces", {
    "systemd-nspawn": "systemd-container",
    mmdebstrap: "mmdebstrap",
    ip: "iproute2",
    setsid: "util-linux",
    tar: "tar",
  });
}

/** A bridge for a test of the drivers, the settings of the machine `m1` on it, and what both are to this workstation. */
export class NspawnDrivers {
  private constructor(
    /** First three numbers of the bridge's /24. */
    readonly subnet: string,
    readonly networkInputs: Parameters<typeof networkDriver.create>[0],
    readonly network: NetworkOutputs,
    readonly inputs: MachineInputs,
  ) {}

  /** Makes the bridge: several of them may be there at once, beside a cluster. */
  static async create(): Promise<NspawnDrivers> {
    const subnet = freeNetwork();
    const bridge = `hlt-${subnet.split(".")[2]}`;
    // The image is shared with every stack of this workstation: it takes a minute and a half to build.
    const stateDir = process.env["HOMELAB_TEST_STATE_DIR"] ?? "/var/lib/homelab/nspawn";
    const [clientKey, hostKey] = [generateKeyPair(), generateKeyPair()];
    const gateway = `${subnet}.1`;
    const wanted = { bridge, subnet: `${subnet}.0/24`, address: gateway, stateDir, owner: clientKey.public };
    const { outputs } = await networkDriver.create(wanted);
    return new NspawnDrivers(subnet, wanted, outputs, {
      ...{ name: "m1", address: `${subnet}.11`, prefixLength: 24, gateway, bridge, stateDir, user: "homelab" },
      image: { distribution: "debian", release: "bookworm" },
      ...{ authorizedKey: clientKey.public, clientKey: clientKey.private },
      ...{ hostKeyPublic: hostKey.public, hostKeyPrivate: hostKey.private },
    });
  }

  get bridge(): string {
    return this.inputs.bridge;
  }

  /** Where the drivers keep the machine. */
  get place(): string {
    return `${this.inputs.stateDir}/machines/${this.bridge}/m1`;
  }

  /** What a command on the machine prints; throws where its exit code is not 0. */
  async onMachine(command: string): Promise<string> {
    const { name, address: host, user, clientKey: privateKey, hostKeyPublic: hostKey } = this.inputs;
    const target = { name, host, port: 22, user, privateKey, hostKey };
    return withSsh(target, { timeoutSeconds: 60 }, "testing", async (session) => {
      const result = await session.run(command, { timeoutSeconds: 150 });
      if (result.exitCode !== 0) throw new Error(`'${command}' ended with ${result.exitCode}: ${result.stderr}`);
      return result.stdout.trim();
    });
  }

  /** Whatever on this workstation carries the machine's name: processes, mounts, control groups, interfaces, files. */
  traces(incarnation: string): string[] {
    const { place } = this;
    const mark = `m1-${incarnation.slice(0, 6)}`;
    const found = execFileSync("find", ["/sys/fs/cgroup", "/run/systemd/nspawn", "-name", `*${mark}*`], {
      encoding: "utf8",
    });
    const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }).split("\n");
    const mounts = readFileSync("/proc/self/mounts", "utf8").split("\n");
    return [
      ...found.split("\n").filter(Boolean),
      ...processes.filter((args) => args.includes(`--machine=${mark}`) || args.includes(`${place}/`)),
      ...mounts.filter((mount) => mount.includes(place)),
      ...interfaces().filter((name) => name.includes(mark)),
      ...[place].filter(
        (path) => existsSync(path) && readFileSync(`${place}/machine.json`, "utf8").includes(incarnation),
      ),
    ];
  }

  /** Takes everything away, in whatever state it is. */
  async remove(): Promise<void> {
    const left = (await readRecords(this.inputs.stateDir)).filter((record) => record.bridge === this.bridge);
    for (const { incarnation } of left) await machineDriver.delete("m1", { ...this.inputs, incarnation });
    await networkDriver.delete(this.bridge, this.network);
  }
}

/** The names of this workstation's network interfaces. */
export function interfaces(): string[] {
  return readdirSync("/sys/class/net");
}

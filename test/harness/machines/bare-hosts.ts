import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ensureMirrorRunning, stopMirror } from "../../../lab/mirror-service";
import { ensureMirror } from "../../../lab/packages/main";
import type { MachineId } from "../../../providers/machines/nspawn/layout";
import type { MachineInputs, MachineOutputs } from "../../../providers/machines/nspawn/machine";
import { machineDriver } from "../../../providers/machines/nspawn/machine-driver";
import { networkDriver, type NetworkOutputs } from "../../../providers/machines/nspawn/network-driver";
import { stopMachine } from "../../../providers/machines/nspawn/process";
import { RELEASES } from "../../../providers/machines/nspawn/settings";
import { readRecords } from "../../../providers/machines/nspawn/record";
import { removeTree } from "../../../providers/machines/nspawn/tree";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import type { RunResult, SshTarget } from "../../../providers/host/ssh/target";
import type { Settings } from "../../../settings";
import { runAsProgram, scriptOfStep, settingsOfHosts, type StepChange } from "./host-steps";
import { NspawnMachine } from "./nspawn-machine";
import { freePort } from "../servers/free-port";
import { freeNetwork } from "../stacks/lab-settings";

const STATE_DIR = "/var/lib/homelab/nspawn";
const USER = "homelab";
const LIMITS = { connect: 60, step: 300 };

/** One machine as a fresh host: seen by its owner as `machine`, reached by the program by `target`. */
export interface BareHost {
  machine: NspawnMachine;
  target: SshTarget & { privateKey: string };
}

export interface BareHostsOptions {
  /** The lab's mirror is served to them. */
  mirror: boolean;
  /** Left out: Debian 12. */
  release?: keyof typeof RELEASES;
}

/** Machines that no engine made and no step prepared, on a bridge of their own. What is done to them is the test's affair. */
export class BareHosts {
  private constructor(
    readonly hosts: readonly BareHost[],
    /** The settings of the lab stack, moved to these machines. */
    readonly settings: Settings,
    /** The workstation's address, as the machines see it. */
    readonly gateway: string,
    private readonly network: NetworkOutputs,
    private readonly folder: string,
  ) {}

  /** @param name a few letters, with which the names of bridge and machines begin */
  static async create(name: string, count: number, options: BareHostsOptions): Promise<BareHosts> {
    const bridge = `${name}-${randomBytes(2).toString("hex")}`;
    const [subnet, port] = [freeNetwork(), await freePort()];
    const settings = await settingsOfHosts(bridge, subnet, port, count);
    const folder = await mkdtemp(path.join(os.tmpdir(), `homelab-${name}-`));
    const gateway = `${subnet}.1`;
    if (options.mirror) {
      const listen = [`127.0.0.1:${port}`, `${gateway}:${port}`];
      await ensureMirrorRunning({ root: await ensureMirror(), listen, runDir: folder });
    }
    const [client, hostKeys] = [generateKeyPair(), settings.machines.nodes.map(() => generateKeyPair())];
    const place = { bridge, stateDir: STATE_DIR };
    const network = { ...place, subnet: `${subnet}.0/24`, address: gateway, owner: client.public };
    const { outputs } = await networkDriver.create(network);
    const inputs = settings.machines.nodes.map(({ name: own }, index): MachineInputs => ({
      ...place,
      ...{ name: own, address: `${subnet}.${11 + index}`, prefixLength: 24, gateway, user: USER },
      image: { distribution: "debian", release: options.release ?? "bookworm" },
      authorizedKey: client.public,
      clientKey: client.private,
      hostKeyPublic: hostKeys[index]?.public ?? "",
      hostKeyPrivate: hostKeys[index]?.private ?? "",
    }));
    try {
      const made = await Promise.all(inputs.map(async (one) => (await machineDriver.create(one)).outputs));
      return new BareHosts(made.map(bareHost), settings, gateway, outputs, folder);
    } catch (error) {
      await removeAll(outputs, folder);
      throw error;
    }
  }

  host(index: number): BareHost {
    const host = this.hosts[index];
    if (!host) throw new Error(`there is no host ${index}`);
    return host;
  }

  /** Runs one of the real steps by itself: its script, which carries the library, with the settings of the lab unless told otherwise. */
  async step(host: BareHost, name: string, change: StepChange = {}): Promise<RunResult> {
    return onHost(host, scriptOfStep(host.target.name, this.settings, name, change), `running ${name}`);
  }

  async remove(): Promise<void> {
    await removeAll(this.network, this.folder);
  }
}

/** Everything on the bridge, whether it was made whole or not. */
async function removeAll(network: NetworkOutputs, folder: string): Promise<void> {
  const left = (await readRecords(STATE_DIR)).filter(({ bridge }) => bridge === network.bridge);
  await Promise.all(
    left.map(({ incarnation, name, bridge }) => removeMachine({ name, bridge, incarnation, stateDir: STATE_DIR })),
  );
  await networkDriver.delete(network.bridge, network);
  await stopMirror(folder);
  await rm(folder, { recursive: true });
}

async function removeMachine(id: MachineId): Promise<void> {
  await stopMachine(id);
  await removeTree(id);
}

/** Runs a script as root over SSH, as the program does; throws a HostError where it fails. */
export async function onHost({ target }: BareHost, script: string, doing = "testing"): Promise<RunResult> {
  return runAsProgram(target, script, doing, LIMITS);
}

function bareHost(made: MachineOutputs): BareHost {
  const { name, address, user, clientKey, hostKeyPublic } = made;
  return {
    machine: new NspawnMachine(name, address, made.bridge, STATE_DIR),
    target: { name, host: address, port: 22, user, privateKey: clientKey, hostKey: hostKeyPublic },
  };
}

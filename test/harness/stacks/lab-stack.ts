import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { dump, load } from "js-yaml";
import { ensureBinaries } from "../../../lab/build/binaries";
import { ensureMirrorRunning, stopMirror } from "../../../lab/mirror-service";
import { ensureMirror } from "../../../lab/packages/main";
import { previewOnOtherWorkstation } from "./other-workstation";
import { freePort } from "../servers/free-port";
import { ContainerHost, type TestHost } from "../machines/test-host";
import { NspawnMachine } from "../machines/nspawn-machine";
import { freeNetwork, type LabSettings, testSettings, type TestSettingsArgs } from "./lab-settings";
import type { ExistingHosts } from "../machines/existing-host";
import { metalSecrets, metalSettings } from "./metal-settings";
import type { MultipassHosts } from "../machines/multipass-hosts";
import { localSettings } from "./local-settings";
import { type CliResult, type PlannedStep, plannedSteps, StackCli, type StackPlace } from "./stack-cli";
import { stackEnvironment } from "./stack-environment";
import { makeProject, type ProjectArgs, projectOf } from "./stack-project";

export interface LabStackArgs extends TestSettingsArgs, ProjectArgs {
  /** Begins the names of the stack, of its bridge and of its machines: a few letters. */
  name: string;
  /** Makes the root of the mirror; false for a stack that makes no machines. By default what every cluster needs. */
  mirror?: false | (() => Promise<string>);
  /** Existing hosts, for a metal stack: as many as there are roles are in its inventory. They are not removed with it. */
  hosts?: ExistingHosts;
  /** A Multipass, for a local stack: its VMs are made by the stack, and removed with it. */
  multipass?: MultipassHosts;
}

/**
 * A stack of the real program, run by the real engine, with stack, backend, bridge, network, machines and mirror of its own:
 * a cluster that is used on the same workstation is never touched.
 */
export class LabStack extends StackCli {
  /** Not even the stack is left. */
  private gone = false;

  private constructor(
    place: StackPlace,
    readonly settings: LabSettings,
    readonly passphrase: string,
    private readonly hosts?: ExistingHosts,
    private readonly copy = false,
  ) {
    super(place);
  }

  static async create(args: LabStackArgs): Promise<LabStack> {
    const engine = await ensureBinaries("engine");
    const folder = await mkdtemp(path.join(os.tmpdir(), `homelab-${args.name}-`));
    // Random, from mkdtemp; as part of a bridge's name and of hostnames it may only have small letters and digits.
    const name = `${args.name}-${path.basename(folder).slice(-4).toLowerCase()}`.replace(/[^a-z0-9-]/g, "x");
    const { hosts, multipass, copy, mirror = ensureMirror } = args;
    const [network, port] = [(hosts ?? multipass)?.network ?? freeNetwork(), await freePort()];
    const settings = await settingsFor(args, name, network, port);
    const passphrase = `canary-passphrase-${name}`;
    const env = stackEnvironment(engine, folder, passphrase, multipass?.environment);
    const { project, settings: beside } = projectOf(folder, args);
    const place = { name, folder, project, settingsFile: path.join(beside, `Pulumi.${name}.yaml`), env };
    const stack = new LabStack(place, settings, passphrase, hosts, copy);
    if (mirror) {
      const listen = [`127.0.0.1:${port}`, `${network}.1:${port}`];
      await ensureMirrorRunning({ root: await mirror(), listen, runDir: folder });
    }
    await makeProject(folder, args);
    await stack.initialise();
    if (hosts) await stack.setSecrets(metalSecrets(settings, hosts));
    return stack;
  }

  /** `make down` in the copy of the checkout: the stack is gone then. */
  async makeDown(): Promise<CliResult> {
    if (!this.copy)
      throw new Error("only a stack in a copy of the checkout can be taken down: others would lose theirs");
    // Where `make up` has been, there is this file.
    await mkdir(path.join(this.project, ".homelab"), { recursive: true });
    await writeFile(path.join(this.project, ".homelab", "env"), "");
    const options = {
      cwd: this.project,
      env: { ...this.place.env, STACK: this.name },
      all: true,
      reject: false,
    } as const;
    const ended = await execa("node_modules/.bin/tsx", ["cli/down.ts"], { ...options, stdin: "ignore" });
    this.gone = ended.exitCode === 0;
    return { exitCode: ended.exitCode ?? 1, output: ended.all ?? "" };
  }

  /** The same stack in another environment, as another user may have it. */
  in(environment: NodeJS.ProcessEnv): LabStack {
    const { place, settings, passphrase, hosts, copy } = this;
    return new LabStack({ ...place, env: { ...place.env, ...environment } }, settings, passphrase, hosts, copy);
  }

  /** As `plan`, in an empty container: see `previewOnOtherWorkstation`. */
  async planOnOtherWorkstation(): Promise<PlannedStep[]> {
    const { name: stack, folder: state, settingsFile, passphrase } = this;
    const engine = await ensureBinaries("engine");
    return plannedSteps(await previewOnOtherWorkstation({ engine, state, settingsFile, stack, passphrase }));
  }

  /** Changes the settings for the runs that follow. */
  async change(change: (settings: LabSettings) => void): Promise<void> {
    change(this.settings);
    const file = load(await readFile(this.settingsFile, "utf8")) as Record<string, unknown>;
    await writeFile(this.settingsFile, dump({ ...file, config: this.settings }));
  }

  /** Sets encrypted settings for the runs that follow, by their paths, as in `homelab:ssh.privateKey`. */
  async setSecrets(secrets: [path: string, value: string][]): Promise<void> {
    for (const [key, value] of secrets) {
      const args = ["config", "set", "--secret", "--path", key, "-s", this.name, "--config-file", this.settingsFile];
      await execa("pulumi", args, { cwd: this.folder, env: this.place.env, input: value });
    }
    const { config } = load(await readFile(this.settingsFile, "utf8")) as { config: LabSettings };
    Object.assign(this.settings, config);
  }

  machine(index: number): TestHost {
    const node = this.settings["homelab:machines"].nodes[index];
    if (!node) throw new Error(`the stack has no machine ${index}`);
    const existing = this.hosts?.all.find(({ name }) => name === node["name"]);
    if (existing) return existing;
    const { stateDir } = this.settings["homelab:machines"];
    return new NspawnMachine(node["name"] as string, node["address"] as string, this.bridge, stateDir);
  }

  /** The same, where it runs as a container. */
  container(index: number): ContainerHost {
    const machine = this.machine(index);
    if (!(machine instanceof ContainerHost)) throw new Error(`${machine.name} is not a container`);
    return machine;
  }

  get machines(): TestHost[] {
    return this.settings["homelab:machines"].nodes.map((_, index) => this.machine(index));
  }

  /** First three numbers of the machines' /24; the workstation is its `.1`. */
  get network(): string {
    return this.machine(0).address.replace(/\.\d+$/, "");
  }

  /** Name of the bridge that the stack makes; none where the machines exist already. */
  get bridge(): string {
    const bridge = this.settings["homelab:machines"].network?.bridge;
    if (!bridge) throw new Error("the stack makes no bridge");
    return bridge;
  }

  /** Takes everything away, whatever state it is in. */
  async remove(): Promise<void> {
    const destroyed = this.gone ? undefined : await this.cancelAndDestroy();
    await stopMirror(this.folder);
    if (destroyed && destroyed.exitCode !== 0)
      throw new Error(`the stack of the test could not be removed:\n${destroyed.output}`);
    await rm(this.folder, { recursive: true, force: true });
  }

  private async cancelAndDestroy(): Promise<CliResult> {
    await this.cancel();
    return this.pulumi("destroy", "--yes", "--skip-preview");
  }

  private async initialise(): Promise<void> {
    await writeFile(this.settingsFile, dump({ config: this.settings }));
    const options = { cwd: path.dirname(this.settingsFile), env: this.place.env, stdin: "ignore" } as const;
    await execa("pulumi", ["stack", "init", this.name], options);
  }
}

async function settingsFor(args: LabStackArgs, name: string, network: string, port: number): Promise<LabSettings> {
  if (args.hosts) return metalSettings(args, args.hosts, port);
  if (args.multipass) return localSettings(args, name, args.multipass, port);
  return testSettings(args, name, network, port);
}

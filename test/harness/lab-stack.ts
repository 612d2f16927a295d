import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { dump, load } from "js-yaml";
import { ensureBinaries } from "../../lab/build/binaries";
import { ensureMirrorRunning, stopMirror } from "../../lab/mirror-service";
import { ensureMirror } from "../../lab/packages/main";
import { copyCheckout } from "./checkout-copy";
import type { LabHost } from "./lab-host";
import { previewElsewhere } from "./elsewhere";
import { LabMachine } from "./lab-machine";
import { CHECKOUT, freeNetwork, freePort, type LabSettings, testSettings, type TestSettingsArgs } from "./lab-settings";
import type { MetalHosts } from "./metal-hosts";
import { metalSecrets, metalSettings } from "./metal-hosts-settings";
import type { MultipassHosts } from "./multipass-hosts";
import { localSettings } from "./multipass-hosts-settings";

export interface LabStackArgs extends TestSettingsArgs {
  /** Begins the names of the stack, of its bridge and of its machines: a few letters. */
  name: string;
  /** Another program than index.ts, as a path in the checkout: one that makes a part of what the real one makes. */
  program?: string;
  /** The program runs in a copy of the checkout, `project`: a test may change its files, and use the commands of `make` there. */
  copy?: boolean;
  /** Makes the root of the mirror; false for a stack that makes no machines. By default what every cluster needs. */
  mirror?: false | (() => Promise<string>);
  /** Existing hosts, for a metal stack: as many as there are roles are in its inventory. They are not removed with it. */
  hosts?: MetalHosts;
  /** A Multipass, for a local stack: its VMs are made by the stack, and removed with it. */
  multipass?: MultipassHosts;
}

/** What a run of the CLI printed and how it ended. */
export interface CliResult {
  exitCode: number;
  /** Standard output and error, as they came. */
  output: string;
}

/** The same, each stream by itself. */
export interface CliStreams {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** One planned operation of `pulumi preview --json`. */
export interface PlannedStep {
  op: string;
  urn: string;
  /** Paths of the inputs that differ. */
  changed: string[];
}

/** A run that is not waited for. */
export interface RunningCli {
  pid: number;
  ended: Promise<CliResult>;
}

/**
 * A stack of the real program, run by the real engine, with stack, backend, bridge, network, machines and mirror of its own:
 * a cluster that somebody uses on the same computer is never touched.
 */
export class LabStack {
  /** Not even the stack is left. */
  private gone = false;

  private constructor(
    readonly name: string,
    readonly folder: string,
    readonly settings: LabSettings,
    readonly passphrase: string,
    private readonly env: NodeJS.ProcessEnv,
    private readonly program?: string,
    private readonly hosts?: MetalHosts,
    private readonly copy = false,
  ) {}

  static async create(args: LabStackArgs): Promise<LabStack> {
    const engine = await ensureBinaries("engine");
    const folder = await mkdtemp(path.join(os.tmpdir(), `homelab-${args.name}-`));
    // Random, from mkdtemp; as part of a bridge's name and of hostnames it may only have small letters and digits.
    const name = `${args.name}-${path.basename(folder).slice(-4).toLowerCase()}`.replace(/[^a-z0-9-]/g, "x");
    const { hosts, multipass } = args;
    const [network, port] = [(hosts ?? multipass)?.network ?? freeNetwork(), await freePort()];
    const settings = await settingsFor(args, name, network, port);
    const passphrase = `canary-passphrase-${name}`;
    const stack = new LabStack(
      name,
      folder,
      settings,
      passphrase,
      environment(engine, folder, passphrase, multipass?.environment),
      args.program,
      hosts,
      args.copy,
    );
    const { mirror = ensureMirror } = args;
    if (mirror) {
      const listen = [`127.0.0.1:${port}`, `${network}.1:${port}`];
      await ensureMirrorRunning({ root: await mirror(), listen, runDir: folder });
    }
    await stack.initialise();
    if (hosts) await stack.setSecrets(metalSecrets(settings, hosts));
    return stack;
  }

  /** `pulumi up`; fails the test where the exit code is not 0. */
  async up(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("up", "--yes", "--skip-preview", ...args);
  }

  async refresh(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("refresh", "--yes", "--skip-preview", ...args);
  }

  async destroy(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("destroy", "--yes", "--skip-preview", ...args);
  }

  /** `make down` in the copy of the checkout: the stack is gone then. */
  async makeDown(): Promise<CliResult> {
    if (!this.copy)
      throw new Error("only a stack in a copy of the checkout can be taken down: others would lose theirs");
    // Where `make up` has been, there is this file.
    await mkdir(path.join(this.project, ".homelab"), { recursive: true });
    await writeFile(path.join(this.project, ".homelab", "env"), "");
    const options = { cwd: this.project, env: { ...this.env, STACK: this.name }, all: true, reject: false } as const;
    const ended = await execa("node_modules/.bin/tsx", ["lab/cli/down.ts"], { ...options, stdin: "ignore" });
    this.gone = ended.exitCode === 0;
    return { exitCode: ended.exitCode ?? 1, output: ended.all ?? "" };
  }

  /** The same stack in another environment, as somebody else may have it. */
  in(environment: NodeJS.ProcessEnv): LabStack {
    const { name, folder, settings, passphrase, program, hosts, copy } = this;
    return new LabStack(name, folder, settings, passphrase, { ...this.env, ...environment }, program, hosts, copy);
  }

  async cancel(): Promise<CliResult> {
    return this.pulumi("cancel", "--yes");
  }

  /** The operations that `pulumi preview` plans, but for resources that stay the same. */
  async plan(...args: string[]): Promise<PlannedStep[]> {
    return plannedSteps((await this.exec(["preview", "--json", ...args, ...this.configFile()])).stdout);
  }

  /** The same in an empty container: see `previewElsewhere`. */
  async planElsewhere(): Promise<PlannedStep[]> {
    const { name: stack, folder: state, settingsFile, passphrase } = this;
    const engine = await ensureBinaries("engine");
    return plannedSteps(await previewElsewhere({ engine, state, settingsFile, stack, passphrase }));
  }

  /** The readable preview, with its diffs. */
  async previewText(...args: string[]): Promise<string> {
    return (await this.mustSucceed("preview", "--diff", ...args)).output;
  }

  /** Any command of the CLI; how it ended is the answer. */
  async pulumi(command: string, ...args: string[]): Promise<CliResult> {
    const ended = await execa("pulumi", [command, ...args, ...this.configFile(command)], {
      cwd: this.project,
      env: this.env,
      all: true,
      reject: false,
      stdin: "ignore",
    });
    return { exitCode: ended.exitCode ?? 1, output: ended.all ?? "" };
  }

  /** Any command of the CLI, with its standard output apart: how the cluster's checks run it. */
  async cli(args: string[]): Promise<CliStreams> {
    const options = { cwd: this.project, env: this.env, reject: false, stdin: "ignore" } as const;
    const { exitCode = 1, stdout, stderr } = await execa("pulumi", [...args, ...this.configFile(args[0])], options);
    return { exitCode, stdout, stderr };
  }

  /** Starts a command in a process group of its own and does not wait for it. */
  start(command: string, ...args: string[]): RunningCli {
    const child = execa("pulumi", [command, ...args, ...this.configFile(command)], {
      cwd: this.project,
      env: this.env,
      all: true,
      reject: false,
      stdin: "ignore",
      detached: true,
    });
    if (!child.pid) throw new Error("pulumi did not start");
    return {
      pid: child.pid,
      ended: child.then((ended) => ({ exitCode: ended.exitCode ?? 1, output: ended.all ?? "" })),
    };
  }

  /** `pulumi stack export` as text: secrets are encrypted in it. */
  async exportedState(): Promise<string> {
    return (await this.exec(["stack", "export", "-s", this.name])).stdout;
  }

  /** A stack output; secrets in clear. */
  async output<T>(name: string): Promise<T> {
    const { stdout } = await this.exec(["stack", "output", name, "--json", "--show-secrets", "-s", this.name]);
    return JSON.parse(stdout) as T;
  }

  /** The private keys that the program made, in clear. */
  async privateKeys(): Promise<string[]> {
    const { stdout } = await this.exec(["stack", "export", "--show-secrets", "-s", this.name]);
    const { deployment } = JSON.parse(stdout) as {
      deployment: { resources: { type: string; outputs?: { privateKey?: { plaintext: string } } }[] };
    };
    return deployment.resources
      .filter(({ type }) => type === "pulumi-nodejs:dynamic/ssh:Key")
      .map(({ outputs }) => JSON.parse(outputs?.privateKey?.plaintext ?? '""') as string);
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
      await execa("pulumi", args, { cwd: this.folder, env: this.env, input: value });
    }
    const { config } = load(await readFile(this.settingsFile, "utf8")) as { config: LabSettings };
    Object.assign(this.settings, config);
  }

  machine(index: number): LabHost {
    const node = this.settings["homelab:machines"].nodes[index];
    if (!node) throw new Error(`the stack has no machine ${index}`);
    const existing = this.hosts?.all.find(({ name }) => name === node["name"]);
    if (existing) return existing;
    const { stateDir } = this.settings["homelab:machines"];
    return new LabMachine(node["name"] as string, node["address"] as string, this.bridge, stateDir);
  }

  get machines(): LabHost[] {
    return this.settings["homelab:machines"].nodes.map((_, index) => this.machine(index));
  }

  /** Name of the bridge that the stack makes; none where the machines exist already. */
  get bridge(): string {
    const bridge = this.settings["homelab:machines"].network?.bridge;
    if (!bridge) throw new Error("the stack makes no bridge");
    return bridge;
  }

  get settingsFile(): string {
    return path.join(this.copy ? this.project : this.folder, `Pulumi.${this.name}.yaml`);
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

  /** `stack init` writes the salt of the passphrase beside Pulumi.yaml: not into the checkout. */
  private async initialise(): Promise<void> {
    await writeFile(path.join(this.folder, "Pulumi.yaml"), await readFile(path.join(CHECKOUT, "Pulumi.yaml")));
    if (this.program) await this.linkCheckout(this.program);
    if (this.copy) {
      await mkdir(this.project);
      await copyCheckout(this.project);
    }
    await writeFile(this.settingsFile, dump({ config: this.settings }));
    await execa("pulumi", ["stack", "init", this.name], {
      cwd: this.copy ? this.project : this.folder,
      env: this.env,
      stdin: "ignore",
    });
  }

  /** The folder of the project that runs: the checkout, a copy of it, or for another program one that looks like it. */
  get project(): string {
    if (this.copy) return path.join(this.folder, "checkout");
    return this.program ? this.folder : CHECKOUT;
  }

  private async linkCheckout(program: string): Promise<void> {
    for (const entry of ["node_modules", "package.json", "providers", "tsconfig.json"]) {
      await symlink(path.join(CHECKOUT, entry), path.join(this.folder, entry));
    }
    await symlink(path.join(CHECKOUT, program), path.join(this.folder, "index.ts"));
  }

  private configFile(command = "preview"): string[] {
    const stack = ["-s", this.name];
    return ["up", "preview", "refresh", "destroy"].includes(command)
      ? [...stack, "--config-file", this.settingsFile]
      : stack;
  }

  private async mustSucceed(command: string, ...args: string[]): Promise<CliResult> {
    const result = await this.pulumi(command, ...args);
    if (result.exitCode !== 0) throw new Error(`pulumi ${command} ended with ${result.exitCode}:\n${result.output}`);
    return result;
  }

  private exec(args: string[]) {
    return execa("pulumi", args, { cwd: this.project, env: this.env, stdin: "ignore" });
  }
}

/** Reads what `pulumi preview --json` prints. */
function plannedSteps(json: string): PlannedStep[] {
  const { steps } = JSON.parse(json) as { steps: { op: string; urn: string; detailedDiff?: object }[] };
  return steps
    .filter(({ op }) => op !== "same")
    .map(({ op, urn, detailedDiff }) => ({ op, urn, changed: Object.keys(detailedDiff ?? {}) }));
}

async function settingsFor(args: LabStackArgs, name: string, network: string, port: number): Promise<LabSettings> {
  if (args.hosts) return metalSettings(args, args.hosts, port);
  if (args.multipass) return localSettings(args, name, args.multipass, port);
  return testSettings(args, name, network, port);
}

/**
 * The engine and its plugins, with a backend, a Pulumi home and a passphrase of the stack's own. Plugins in the folder
 * `HOMELAB_PLUGINS` win over the lab's stand-ins: so the same tests run with the released ones.
 */
function environment(
  engine: string,
  folder: string,
  passphrase: string,
  base: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv {
  const folders = [process.env.HOMELAB_PLUGINS, engine, base.PATH ?? process.env.PATH];
  return {
    ...process.env,
    ...base,
    PATH: folders.filter(Boolean).join(path.delimiter),
    PULUMI_HOME: path.join(folder, "pulumi-home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_PARALLEL: "32",
    PULUMI_CONTINUE_ON_ERROR: "true",
    NO_COLOR: "1",
  };
}

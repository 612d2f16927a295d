import execa from "execa";
import { type StackState, type StateResource, TYPES, urnParts } from "../../../checks/stack-state";

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
  /** Of the resource. */
  name: string;
  /** Paths of the inputs that differ. */
  changed: string[];
}

/** The name of a resource: the last part of its URN. */
export const nameOf = ({ urn }: { urn: string }): string => urnParts(urn).name;

/** A run that is not waited for. */
export interface RunningCli {
  pid: number;
  ended: Promise<CliResult>;
}

/** Where a stack is, and with what it is run. */
export interface StackPlace {
  name: string;
  /** The backend, and whatever else is the stack's own. */
  folder: string;
  /** Folder of the project that runs. */
  project: string;
  settingsFile: string;
  env: NodeJS.ProcessEnv;
}

/** One stack, and Pulumi's CLI for it. */
export class StackCli {
  constructor(protected readonly place: StackPlace) {}

  get name(): string {
    return this.place.name;
  }

  get folder(): string {
    return this.place.folder;
  }

  get project(): string {
    return this.place.project;
  }

  /** With what the CLI is run. */
  get environment(): NodeJS.ProcessEnv {
    return this.place.env;
  }

  get settingsFile(): string {
    return this.place.settingsFile;
  }

  /** `pulumi up`; fails the test where the exit code is not 0. */
  async up(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("up", "--yes", "--skip-preview", ...args);
  }

  /** `pulumi up` that may fail: how it ended is the answer. */
  async tryUp(...args: string[]): Promise<CliResult> {
    return this.pulumi("up", "--yes", "--skip-preview", ...args);
  }

  async refresh(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("refresh", "--yes", "--skip-preview", ...args);
  }

  async destroy(...args: string[]): Promise<CliResult> {
    return this.mustSucceed("destroy", "--yes", "--skip-preview", ...args);
  }

  async cancel(): Promise<CliResult> {
    return this.pulumi("cancel", "--yes");
  }

  /** The operations that `pulumi preview` plans, but for resources that stay the same. */
  async plan(...args: string[]): Promise<PlannedStep[]> {
    return plannedSteps((await this.exec(["preview", "--json", ...args, ...this.options()])).stdout);
  }

  /** The same, each as its operation and the resource's name: `update worker1-sysctls`. */
  async planned(...args: string[]): Promise<string[]> {
    return (await this.plan(...args)).map(({ op, name }) => `${op} ${name}`);
  }

  /** The readable preview, with its diffs. */
  async previewText(...args: string[]): Promise<string> {
    return (await this.mustSucceed("preview", "--diff", ...args)).output;
  }

  /** Any command of the CLI; how it ended is the answer. */
  async pulumi(command: string, ...args: string[]): Promise<CliResult> {
    const ended = await execa("pulumi", [command, ...args, ...this.options(command)], {
      ...this.surroundings(),
      all: true,
      reject: false,
    });
    return { exitCode: ended.exitCode ?? 1, output: ended.all ?? "" };
  }

  /** Any command of the CLI, with its standard output apart: how the cluster's checks run it. */
  async cli(args: string[]): Promise<CliStreams> {
    const options = { ...this.surroundings(), reject: false } as const;
    const { exitCode = 1, stdout, stderr } = await execa("pulumi", [...args, ...this.options(args[0])], options);
    return { exitCode, stdout, stderr };
  }

  /** Starts a command in a process group of its own and does not wait for it. */
  start(command: string, ...args: string[]): RunningCli {
    const child = execa("pulumi", [command, ...args, ...this.options(command)], {
      ...this.surroundings(),
      all: true,
      reject: false,
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

  /** The resources of the state; none after a destroy. Secrets are encrypted in them, or with `--show-secrets` in clear. */
  async resources(...args: string[]): Promise<StateResource[]> {
    const { stdout } = await this.exec(["stack", "export", ...args, "-s", this.name]);
    const { deployment } = JSON.parse(stdout) as StackState;
    return deployment.resources ?? [];
  }

  /** A stack output; secrets in clear. */
  async output<T>(name: string): Promise<T> {
    const { stdout } = await this.exec(["stack", "output", name, "--json", "--show-secrets", "-s", this.name]);
    return JSON.parse(stdout) as T;
  }

  /** The private keys that the program made, in clear. */
  async privateKeys(): Promise<string[]> {
    return (await this.resources("--show-secrets"))
      .filter(({ type }) => type === TYPES.sshKey)
      .map(({ outputs }) => JSON.parse((outputs?.privateKey as { plaintext: string }).plaintext) as string);
  }

  private options(command = "preview"): string[] {
    const stack = ["-s", this.name];
    return ["up", "preview", "refresh", "destroy"].includes(command)
      ? [...stack, "--config-file", this.settingsFile]
      : stack;
  }

  private surroundings() {
    return { cwd: this.project, env: this.place.env, stdin: "ignore" } as const;
  }

  private async mustSucceed(command: string, ...args: string[]): Promise<CliResult> {
    const result = await this.pulumi(command, ...args);
    if (result.exitCode !== 0) throw new Error(`pulumi ${command} ended with ${result.exitCode}:\n${result.output}`);
    return result;
  }

  private exec(args: string[]) {
    return execa("pulumi", args, this.surroundings());
  }
}

/** Reads what `pulumi preview --json` prints. */
export function plannedSteps(json: string): PlannedStep[] {
  const { steps } = JSON.parse(json) as { steps: { op: string; urn: string; detailedDiff?: object }[] };
  return steps
    .filter(({ op }) => op !== "same")
    .map(({ op, urn, detailedDiff }) => ({ op, urn, name: nameOf({ urn }), changed: Object.keys(detailedDiff ?? {}) }));
}

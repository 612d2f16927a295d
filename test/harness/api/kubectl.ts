import { writeFile } from "node:fs/promises";
import path from "node:path";
import execa from "execa";
import { ensureBinaries } from "../../../lab/build/binaries";
import type { LabStack } from "../stacks/lab-stack";

/** kubectl with the kubeconfig of a stack's output. */
export class Kubectl {
  private constructor(
    private readonly program: string,
    private readonly kubeconfig: string,
  ) {}

  static async of(stack: LabStack): Promise<Kubectl> {
    const kubeconfig = path.join(stack.folder, "kubeconfig");
    await writeFile(kubeconfig, await stack.output<string>("kubeconfig"), { mode: 0o600 });
    return new Kubectl(path.join(await ensureBinaries("kubernetes"), "kubectl"), kubeconfig);
  }

  /** Standard output of a command; fails the test where the exit code is not 0. */
  async run(...args: string[]): Promise<string> {
    return (await execa(this.program, ["--kubeconfig", this.kubeconfig, ...args], { stdin: "ignore" })).stdout;
  }

  async json<T>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run(...args, "-o", "json")) as T;
  }

  async apply(manifest: string): Promise<void> {
    await execa(this.program, ["--kubeconfig", this.kubeconfig, "apply", "-f", "-"], { input: manifest });
  }

  /** Runs a command in a pod; answers its standard output, or `undefined` where it failed. */
  async exec(pod: string, ...command: string[]): Promise<string | undefined> {
    const ended = await execa(this.program, ["--kubeconfig", this.kubeconfig, "exec", pod, "--", ...command], {
      reject: false,
      stdin: "ignore",
    });
    return ended.exitCode === 0 ? ended.stdout : undefined;
  }
}

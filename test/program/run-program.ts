import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { load } from "js-yaml";
import program from "../..";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { inClear, isSecret, madeUpOutputs, takeHooks } from "../../cli/charts/mocked-program";
import { TYPES } from "../../checks/stack-state";
import { type ChartRepository, serveChart } from "../harness/servers/chart-repository";

/** A resource as the program registered it. */
export interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
  /** Names of the inputs that are secrets as a whole. */
  secrets: string[];
  /** The inputs without what is secret in them: what a preview shows. */
  clear: unknown;
  /** Names of the outputs that are secrets, whatever the inputs are. */
  secretOutputs: string[];
  /** Names of its parent and of the resources that it was told to wait for. */
  parent: string;
  dependsOn: string[];
  deletedWith: string;
  protect: boolean;
}

export type Config = Record<string, unknown>;

/** What the settings file of a stack says. */
export async function settingsOf(stack: string): Promise<Config> {
  const text = await readFile(path.join(CHECKOUT, `Pulumi.${stack}.yaml`), "utf8");
  return (load(text.replaceAll("./.homelab/mirror-fingerprint", "F".repeat(40))) as { config: Config }).config;
}

/** An empty folder as working directory, with the checkout's charts in it and a repository that serves one. */
export class ProgramFolder {
  private constructor(
    private readonly folder: string,
    private readonly startedIn: string,
    readonly charts: ChartRepository,
  ) {}

  static async enter(): Promise<ProgramFolder> {
    const startedIn = process.cwd();
    // The program reads its charts from the working directory; what it records there must not reach the checkout.
    const folder = await mkdtemp(path.join(os.tmpdir(), "homelab-program-"));
    await cp(path.join(CHECKOUT, "charts"), path.join(folder, "charts"), { recursive: true });
    await rm(path.join(folder, "charts", "charts.lock.yaml"), { force: true });
    process.chdir(folder);
    return new ProgramFolder(folder, startedIn, await serveChart("cilium", "1.20.2", "a chart"));
  }

  async leave(): Promise<void> {
    process.chdir(this.startedIn);
    await this.charts.close();
    await rm(this.folder, { recursive: true });
  }
}

/** Changes what the program registers, as a defect would. */
export type Tamper = (resource: { type: string; name: string; props: Record<string, unknown>; opts: object }) => void;

/** Runs index.ts under Pulumi's mocks, with these settings; every resource gets made-up outputs. */
export async function runProgram(stack: string, config: Config, secretKeys: string[] = []): Promise<Registered[]> {
  return (await runWithOutputs(stack, config, secretKeys)).registered;
}

/** The same, with what is not secret of the stack's outputs. */
export async function runWithOutputs(
  stack: string,
  config: Config,
  secretKeys: string[] = [],
  tamper: Tamper = () => undefined,
): Promise<{ registered: Registered[]; clearOutputs: unknown }> {
  const text = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text) as Record<string, string>, secretKeys);
  const inputsOf = new Map<string, Record<string, unknown>>();
  const clearOf = new Map<string, unknown>();
  let clearOutputs: unknown;
  const secretsOf = new Map<string, string[]>();
  const relations: (Omit<Registered, "inputs" | "secrets" | "clear" | "dependsOn"> & {
    dependsOn: Promise<string[]>;
  })[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const made = inputs as Record<string, unknown>;
        inputsOf.set(`${type}::${name}`, inClear(made) as Record<string, unknown>);
        clearOf.set(
          `${type}::${name}`,
          inClear(made, () => "[secret]"),
        );
        secretsOf.set(
          `${type}::${name}`,
          Object.keys(made).filter((input) => isSecret(made[input])),
        );
        return { id: `${name}-id`, state: { ...made, ...madeUpOutputs(type), ...canaries(type) } };
      },
      call: () => ({}),
    },
    "homelab",
    stack,
    false,
  );
  takeHooks();
  await pulumi.runtime.runInPulumiStack(async () => {
    pulumi.runtime.registerStackTransformation(({ type, name, props, opts }) => {
      tamper({ type, name, props: props, opts });
      const { parent, dependsOn, deletedWith, protect, additionalSecretOutputs } = opts as pulumi.CustomResourceOptions;
      relations.push({
        type,
        name,
        parent: nameOf(parent),
        dependsOn: namesOf(dependsOn),
        deletedWith: nameOf(deletedWith),
        protect: protect === true,
        secretOutputs: additionalSecretOutputs ?? [],
      });
      return { props: props, opts };
    });
    const outputs = (await program()) as pulumi.Inputs;
    clearOutputs = inClear(await pulumi.runtime.serializeProperties("outputs", outputs), () => "[secret]");
    return outputs;
  });
  // Not in the SDK's types, and needed: what depends on a component is registered after the program's last line.
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  const registered = await Promise.all(
    relations.map(async (relation) => ({
      ...relation,
      dependsOn: await relation.dependsOn,
      inputs: inputsOf.get(`${relation.type}::${relation.name}`) ?? {},
      secrets: secretsOf.get(`${relation.type}::${relation.name}`) ?? [],
      clear: clearOf.get(`${relation.type}::${relation.name}`) ?? {},
    })),
  );
  return { registered, clearOutputs };
}

function nameOf(resource: unknown): string {
  return (resource as { __name?: string } | undefined)?.__name ?? "";
}

async function namesOf(resources: pulumi.CustomResourceOptions["dependsOn"]): Promise<string[]> {
  const known = await (pulumi.output(resources ?? []) as unknown as { promise(): Promise<unknown> }).promise();
  return [known].flat().map(nameOf).sort();
}

/** Secrets by which they are found in what the program registers. */
function canaries(type: string): Record<string, unknown> {
  switch (type) {
    case TYPES.sshKey:
      return { publicKey: "ssh-ed25519 AAAA comment", privateKey: "PRIVATE-KEY-CANARY" };
    case "pulumi-nodejs:dynamic/argocd:Password":
      return { password: "PASSWORD-CANARY", hash: "a hash", changedAt: "2026-01-01T00:00:00Z" };
    default:
      return {};
  }
}

import { randomUUID } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { IN_CLUSTER, inClear, TYPES, urnParts } from "../../../checks/stack-state";
import { noDrift } from "../../../providers/host/inspection/compare";
import { incarnationOf } from "../../../providers/host/ssh/host-key";
import type { ApiServer } from "../api/api-server";
import type { LabStack } from "./lab-stack";

/** How Pulumi marks a secret, and a value that is not known yet, in what it writes. */
const SECRET = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
/** Enough for the longest chain of values that wait for each other: facts, then steps, then the cluster. */
const ROUNDS = 6;

type Values = Record<string, unknown>;

/** What an update plan (`pulumi preview --save-plan`) has of a resource. */
interface Planned {
  goal?: {
    type: string;
    custom: boolean;
    inputDiff: { adds?: Values; updates?: Values; deletes?: string[] };
    parent?: string;
    provider?: string;
    protect?: boolean;
    dependencies?: string[];
    propertyDependencies?: Record<string, string[]>;
    additionalSecretOutputs?: string[];
    deletedWith?: string;
  };
}

interface Resource {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  inputs: Values;
  outputs: Values;
  parent?: string;
  provider?: string;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  additionalSecretOutputs?: string[];
  deletedWith?: string;
  protect?: boolean;
}

/**
 * Gives a stack the state of a cluster that runs and that was made by its settings as they are, without one: what each
 * resource's plan says, with outputs as its driver would give them. Previews of it are as those of a real one.
 *
 * @param api answers for the cluster; it gets the objects that are no part of a chart
 */
export async function imagineState(stack: LabStack, api: ApiServer): Promise<void> {
  const resources = new Map<string, Resource>();
  for (let round = 0; round < ROUNDS; round++) {
    const changed = adopt(resources, await updatePlan(stack), api.kubeconfig, round);
    if (round > 1 && !changed) return;
    await importState(stack, [...resources.values()]);
    if (round === 1) for (const resource of inOrder([...resources.values()])) await makeObject(api, resource);
  }
  throw new Error("the imagined state never previews as unchanged");
}

async function updatePlan(stack: LabStack): Promise<Record<string, Planned>> {
  const file = path.join(stack.folder, "plan.json");
  const ended = await stack
    .in({ PULUMI_EXPERIMENTAL: "true" })
    .pulumi("preview", "--show-secrets", `--save-plan=${file}`);
  if (ended.exitCode !== 0) throw new Error(ended.output);
  const { resourcePlans } = JSON.parse(await readFile(file, "utf8")) as { resourcePlans: Record<string, Planned> };
  await rm(file);
  return resourcePlans;
}

/** Takes over what a plan says; true where an input is another one than before. */
function adopt(
  resources: Map<string, Resource>,
  plans: Record<string, Planned>,
  kubeconfig: string,
  round: number,
): boolean {
  let changed = false;
  for (const [urn, { goal }] of Object.entries(plans)) {
    // What the plugin adds to an object's inputs is known where the plugin is.
    if (!goal || (round === 0 && goal.type.startsWith(IN_CLUSTER))) continue;
    const { type, custom, inputDiff } = goal;
    const { parent, provider, dependencies, propertyDependencies, additionalSecretOutputs, deletedWith, protect } =
      goal;
    const options = {
      parent,
      provider,
      dependencies,
      propertyDependencies,
      additionalSecretOutputs,
      deletedWith,
      protect,
    };
    const { adds: all = {}, updates = {}, deletes = [] } = inputDiff;
    // It is the plugin's own remark, and in no state.
    const adds = Object.fromEntries(Object.entries(all).filter(([name]) => name !== "__internal"));
    const before = resources.get(urn);
    changed ||= !before || [adds, updates, deletes].some((part) => Object.keys(part).length > 0);
    const inputs: Values = { ...before?.inputs, ...adds, ...updates };
    for (const name of deletes) delete inputs[name];
    // Its plugin can't read one that isn't known yet.
    if (round === 0 && type === TYPES.kubernetesProvider) inputs["kubeconfig"] = secret(kubeconfig);
    const outputs = { ...inputs, ...outputsOf(urn, inputs, kubeconfig) };
    const id = custom ? { id: before?.id ?? randomUUID() } : {};
    resources.set(urn, { urn, type, custom, ...id, inputs, outputs: custom ? outputs : {}, ...options });
  }
  return changed;
}

/** What a resource's driver adds to its inputs. */
function outputsOf(urn: string, inputs: Values, kubeconfig: string): Values {
  const { type, name } = urnParts(urn);
  switch (type.replace("pulumi-nodejs:dynamic/", "")) {
    case "command:remote:Command":
      return { stdout: secret(name.endsWith("-kubeconfig") ? kubeconfig : ""), stderr: secret("") };
    case "metal:Host":
      return { incarnation: incarnationOf(String(inputs["hostKey"])) };
    case "host:Inspection":
      return { facts: {}, ...noDrift(inputs["steps"] as string[]) };
    case "host:Preflight":
      return { checked: [], unchecked: [] };
    case "kubernetes:core/v1:Namespace":
    case "kubernetes:core/v1:Secret":
      return { __inputs: inputs, __initialApiVersion: "v1" };
    case "argocd:Password":
      return { password: inputs["given"], hash: secret("$2b$10$imagined"), changedAt: "2026-01-01T00:00:00Z" };
    default:
      return {};
  }
}

async function makeObject(api: ApiServer, { type, inputs }: Resource): Promise<void> {
  const [, kind] = /^kubernetes:core\/v1:(Namespace|Secret)$/.exec(type) ?? [];
  if (!kind) return;
  const object = withoutMarks(inputs) as { metadata: { namespace?: string } };
  const at = kind === "Namespace" ? "namespaces" : `namespaces/${object.metadata.namespace}/secrets`;
  await api.request("POST", `/api/v1/${at}`, object);
}

/** A value without the marks of its secrets, at any depth. */
function withoutMarks(value: unknown): unknown {
  const clear = inClear(value);
  if (Array.isArray(clear)) return clear.map(withoutMarks);
  if (clear === null || typeof clear !== "object") return clear;
  return Object.fromEntries(Object.entries(clear).map(([name, inner]) => [name, withoutMarks(inner)]));
}

function secret(value: string): Values {
  return { ...SECRET, plaintext: JSON.stringify(value) };
}

async function importState(stack: LabStack, resources: Resource[]): Promise<void> {
  const ids = new Map<string, string>();
  const providers = [...new Set(resources.flatMap(({ provider = "" }) => withoutId(provider) || []))];
  for (const urn of providers) ids.set(urn, resources.find((one) => one.urn === urn)?.id ?? randomUUID());
  const defaults = providers
    .filter((urn) => !resources.some((one) => one.urn === urn))
    .map((urn): Resource => {
      // The engine calls the default provider of a version `default_1_2_1`.
      const version = /_(\d+_\d+_\d+)$/.exec(urn)?.[1]?.replaceAll("_", ".");
      const inputs = version ? { version } : {};
      return { urn, type: urnParts(urn).type, custom: true, id: ids.get(urn), inputs, outputs: inputs };
    });
  const known = new Set(resources.map(({ urn }) => urn));
  const wired = resources.map(({ propertyDependencies = {}, ...whole }): Resource => {
    const there = (urns: string[] = []): string[] => urns.filter((urn) => known.has(urn));
    const byProperty = Object.entries(propertyDependencies).map(([name, urns]) => [name, there(urns)] as const);
    const resource = {
      ...whole,
      dependencies: there(whole.dependencies),
      propertyDependencies: Object.fromEntries(byProperty),
    };
    if (!resource.provider) return resource;
    const urn = withoutId(resource.provider);
    return { ...resource, provider: `${urn}::${ids.get(urn) ?? ""}` };
  });
  const file = path.join(stack.folder, "imagined.json");
  const exported = JSON.parse(await stack.exportedState()) as { deployment: object };
  const all = inOrder([...defaults, ...wired]);
  await writeFile(file, JSON.stringify({ ...exported, deployment: { ...exported.deployment, resources: all } }));
  const ended = await stack.pulumi("stack", "import", "--file", file);
  await rm(file);
  if (ended.exitCode !== 0) throw new Error(ended.output);
}

/** The URN of a provider, of a reference to it: that has its id, too. */
function withoutId(provider: string): string {
  return provider.replace(/::[^:]*$/, "");
}

/** Each after what it refers to, as a state must have them. */
function inOrder(resources: Resource[]): Resource[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const sorted = new Set<Resource>();
  const add = (resource: Resource | undefined): void => {
    if (!resource || sorted.has(resource)) return;
    const { parent, provider = "", dependencies = [], deletedWith } = resource;
    for (const urn of [parent, withoutId(provider), deletedWith, ...dependencies]) add(byUrn.get(urn ?? ""));
    sorted.add(resource);
  };
  resources.forEach(add);
  return [...sorted];
}

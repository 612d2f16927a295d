import type { SshTarget } from "../providers/host/ssh/target";
import { addons } from "../components/addons/list";
import { KubernetesApi } from "../components/cluster/kubernetes-api";
import { DEFAULT_DNS_DOMAIN } from "../settings/cluster";
import { inClear, type StateResource, TYPES } from "./stack-state";

/** How a run of the Pulumi CLI ended. */
interface PulumiEnded {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the Pulumi CLI for one stack: the caller knows the engine, the backend, the stack's name and its settings file. */
export type RunPulumi = (args: string[], limits?: { signal?: AbortSignal }) => Promise<PulumiEnded>;

/** What the stack says that the cluster has. */
interface ExpectedCluster {
  nodes: { name: string; role: string }[];
  /** Names of the add-ons that are installed. */
  addons: string[];
  /** The address of the repository that the cluster was handed over to. */
  gitops?: string;
  /** DNS domain of the services. */
  dnsDomain: string;
}

/** All that a check reaches a cluster by. */
export interface ClusterAccess {
  api: KubernetesApi;
  expected: ExpectedCluster;
  /** How the hosts are reached by SSH. Secret. */
  hosts: SshTarget[];
  pulumi: RunPulumi;
}

/** The stack was never brought up. */
export class NoCluster extends Error {
  constructor(
    message: string,
    readonly action: string,
  ) {
    super(message);
    this.name = "NoCluster";
  }
}

/** What is known of a stack on the workstation. */
export interface KnownStack {
  name: string;
  /** Of its state, with secrets in clear. */
  resources: readonly Pick<StateResource, "type" | "outputs">[];
  /** What its settings file has, by key without the project's name. */
  settings: Readonly<Record<string, unknown>>;
}

/**
 * Reads from the stack's state how its cluster is reached, and from its settings what it should have. Opens no connection.
 *
 * @throws NoCluster
 */
export function accessTo({ name, resources, settings }: KnownStack, pulumi: RunPulumi): ClusterAccess {
  const outputs = resources.find(({ type }) => type === TYPES.stack)?.outputs ?? {};
  const kubeconfig = inClear(outputs.kubeconfig);
  if (typeof kubeconfig !== "string")
    throw new NoCluster(`stack ${name} has no cluster yet: its state has no kubeconfig`, "Run `make up` first.");
  return {
    api: new KubernetesApi(kubeconfig),
    expected: expectedOf(outputs, settings),
    hosts: resources
      .filter(({ type }) => type === TYPES.inspection)
      .flatMap((resource) => (inClear(resource.outputs?.target) as SshTarget | undefined) ?? []),
    pulumi,
  };
}

function expectedOf(outputs: Record<string, unknown>, settings: Readonly<Record<string, unknown>>): ExpectedCluster {
  const setting = (name: string) => (settings[name] ?? {}) as Record<string, unknown>;
  const versions = (outputs.versions ?? {}) as Record<string, unknown>;
  const gitops = setting("gitops");
  const { dnsDomain } = setting("cluster");
  return {
    nodes: (outputs.nodes ?? []) as ExpectedCluster["nodes"],
    addons: addons.filter(({ name, versionName = name }) => versionName in versions).map(({ name }) => name),
    ...(typeof gitops.repoURL === "string" ? { gitops: gitops.repoURL } : {}),
    dnsDomain: typeof dnsDomain === "string" ? dnsDomain : DEFAULT_DNS_DOMAIN,
  };
}

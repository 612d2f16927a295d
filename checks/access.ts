import type { SshTarget } from "../providers/host/ssh/target";
import { addons } from "../components/addons/list";
import { KubernetesApi } from "../components/cluster/kubernetes-api";
import { DEFAULT_DNS_DOMAIN } from "../settings/cluster";
import { inClear, type StackState, type StateResource, TYPES } from "./stack-state";

/** How a run of the Pulumi CLI ended. */
export interface PulumiEnded {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs the Pulumi CLI for one stack: the caller knows the engine, the backend, the stack's name and its settings file. */
export type RunPulumi = (args: string[], limits?: { signal?: AbortSignal }) => Promise<PulumiEnded>;

/** What the stack says that the cluster has. */
export interface ExpectedCluster {
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

/** The stack was never brought up, or can't be read. */
export class NoCluster extends Error {
  constructor(
    message: string,
    readonly action: string,
  ) {
    super(message);
    this.name = "NoCluster";
  }
}

/**
 * Reads from the stack's state how its cluster is reached, and from its settings what it should have. Opens no connection.
 *
 * @param settings what the stack's settings file has, by key without the project's name
 * @throws NoCluster
 */
export async function accessTo(
  stack: string,
  pulumi: RunPulumi,
  settings: Readonly<Record<string, unknown>>,
): Promise<ClusterAccess> {
  const exported = await pulumi(["stack", "export", "--show-secrets"]);
  if (exported.exitCode !== 0)
    throw new NoCluster(`stack ${stack} can't be read: ${exported.stderr.trim()}`, "Run `make up` first.");
  const resources = resourcesOf(exported.stdout);
  const outputs = resources.find(({ type }) => type === TYPES.stack)?.outputs ?? {};
  const kubeconfig = inClear(outputs.kubeconfig);
  if (typeof kubeconfig !== "string")
    throw new NoCluster(`stack ${stack} has no cluster yet: its state has no kubeconfig`, "Run `make up` first.");
  return {
    api: new KubernetesApi(kubeconfig),
    expected: expectedOf(outputs, settings),
    hosts: resources
      .filter(({ type }) => type === TYPES.inspection)
      .flatMap((resource) => (inClear(resource.outputs?.target) as SshTarget | undefined) ?? []),
    pulumi,
  };
}

function resourcesOf(exported: string): StateResource[] {
  return (JSON.parse(exported) as StackState).deployment.resources ?? [];
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

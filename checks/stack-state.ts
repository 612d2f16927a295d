/** A stack's state as `pulumi stack export` prints it: what of it is read here, and the names in it. Pure. */
export interface StackState {
  deployment: { resources?: StateResource[]; pending_operations?: unknown[] };
}

export interface StateResource {
  urn: string;
  type: string;
  /** It is no component. */
  custom?: boolean;
  /** The resource it is deleted with, without a call of its own provider. */
  deletedWith?: string;
  protect?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** Before the type of each resource whose life is a driver of this program. */
const OF_DRIVER = "pulumi-nodejs:dynamic/";

/** Types of resources by which something is found in a state or in the engine's events. */
export const TYPES = {
  stack: "pulumi:pulumi:Stack",
  kubernetesProvider: "pulumi:providers:kubernetes",
  release: "kubernetes:helm.sh/v3:Release",
  command: "command:remote:Command",
  sshKey: `${OF_DRIVER}ssh:Key`,
  nspawnMachine: `${OF_DRIVER}nspawn:Machine`,
  multipassMachine: `${OF_DRIVER}multipass:Machine`,
  metalHost: `${OF_DRIVER}metal:Host`,
  /** A node's membership. */
  join: `${OF_DRIVER}kubeadm:Join`,
  /** The component of the machines, and that of the steps of one host. */
  machines: "homelab:machines:Machines",
  preparedNode: "homelab:node:PreparedNode",
  /** The inspection of a host: the one resource that each host has, and that knows how it is reached. */
  inspection: `${OF_DRIVER}host:Inspection`,
} as const;

/** How the types of objects in the cluster begin. */
export const IN_CLUSTER = "kubernetes:";

/** How the types begin that are only in the state: to make one changes no host and no cluster. Components, keys, passwords, facts of hosts. */
export const ONLY_IN_STATE: readonly string[] = [
  "pulumi:",
  "homelab:",
  ...["ssh:", "metal:", "host:", "argocd:", "tailscale:Devices"].map((type) => `${OF_DRIVER}${type}`),
];

/** Names of resources of which every stack has one. */
export const NAMES = {
  /** The preflight of all hosts: every change of a host waits for it. */
  preflight: "preflight",
  /** The cluster's initialisation, on its control plane. */
  init: "cluster-control-plane-init",
  /** The administrator's kubeconfig, read from the control plane. */
  kubeconfig: "cluster-control-plane-kubeconfig",
  /** Done when all nodes are Ready. */
  ready: "cluster-ready",
} as const;

/** What a URN is made of: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
interface UrnParts {
  stack: string;
  project: string;
  type: string;
  /** The type of its parent; none where that is the stack. */
  parentType?: string;
  name: string;
}

/** @throws Error where the text is no URN */
export function urnParts(urn: string): UrnParts {
  const [head = "", project = "", types = "", ...name] = urn.split("::");
  const stack = /^urn:pulumi:(.+)$/.exec(head)?.[1];
  if (stack === undefined || name.length === 0) throw new Error(`${urn} is no URN of Pulumi`);
  const chain = types.split("$");
  const type = chain.pop() ?? "";
  const parentType = chain.pop();
  // A resource may have the separator in its name.
  return { stack, project, type, ...(parentType === undefined ? {} : { parentType }), name: name.join("::") };
}

export function resourceName({ urn }: { urn: string }): string {
  return urnParts(urn).name;
}

/** A value of a state that was exported with `--show-secrets`: a secret is JSON in the field `plaintext`. */
export function inClear(value: unknown): unknown {
  if (value === null || typeof value !== "object" || !("plaintext" in value)) return value;
  return JSON.parse(String(value.plaintext)) as unknown;
}

import { hostKey } from "../formats";
import { pathText, type Problem, quoted } from "../problems";
import { type Found, textAt, type View } from "../view";

/** Rules between the nodes of the inventory. */
export function inventoryProblems(view: View): Problem[] {
  return [
    ...repeated(view.nodes.flatMap(({ name }) => name ?? [])),
    // A host may have one address for both purposes.
    ...repeated(view.nodes.flatMap(({ addresses }) => distinct(addresses))),
    ...repeated(hostKeys(view)),
    ...roles(view),
    ...taints(view),
    ...reservedLabels(view),
    ...multipassNodes(view),
  ];
}

function distinct(found: Found<string>[]): Found<string>[] {
  return found.filter((one, index) => found.findIndex(({ value }) => value === one.value) === index);
}

/** Hosts that were cloned with their key: each could stand in for the other. */
function hostKeys(view: View): Found<string>[] {
  const found = view.nodes.flatMap(({ path }) => textAt(view.raw, [...path, "ssh", "hostKey"]) ?? []);
  return found.filter(({ value }) => hostKey(value) === undefined);
}

/** What must be unique names both places. */
function repeated(found: Found<string>[]): Problem[] {
  return found.flatMap((one, index) => {
    const first = found.findIndex(({ value }) => value === one.value);
    if (first === index) return [];
    return [
      { path: one.path, message: `${quoted(one.value)} is used by ${pathText(found[first]?.path ?? [])} already` },
    ];
  });
}

function roles(view: View): Problem[] {
  const path = ["machines", "nodes"];
  const controlPlanes = view.nodes.filter(({ role }) => role === "control-plane");
  if (!view.hasNodes) return [];
  if (controlPlanes.length === 0) {
    return [{ path, message: "needs a node with role control-plane: workers have nothing to join" }];
  }
  if (controlPlanes.length === 1) return [];
  const names = controlPlanes.map(({ name, path: at }) => name?.value ?? pathText(at)).join(", ");
  const problems = [
    {
      path,
      message: `several control planes (${names}) are not built yet; give one node that role, and worker to the others`,
    },
  ];
  if (view.raw.cluster && Object.hasOwn(view.raw.cluster, "controlPlaneEndpoint")) return problems;
  return [
    ...problems,
    {
      path: ["cluster", "controlPlaneEndpoint"],
      message: `is required where there are several control planes (${names}): an address that all of them answer on`,
    },
  ];
}

function taints(view: View): Problem[] {
  return view.nodes.flatMap(({ path, raw }) => {
    const list = Array.isArray(raw.taints) ? (raw.taints as unknown[]) : [];
    const keys = list.flatMap((taint, index) => {
      const { key, effect } = (taint ?? {}) as { key?: unknown; effect?: unknown };
      return typeof key === "string" ? [{ path: [...path, "taints", index], value: `${key}:${String(effect)}` }] : [];
    });
    return repeated(keys);
  });
}

/** Labels that kubelet and kubeadm set themselves, and would fight over. */
const reserved = [
  "kubernetes.io/hostname",
  "kubernetes.io/arch",
  "kubernetes.io/os",
  "node-role.kubernetes.io/control-plane",
];

function reservedLabels(view: View): Problem[] {
  return view.nodes.flatMap(({ path, raw }) => {
    const labels = raw.labels !== null && typeof raw.labels === "object" ? Object.keys(raw.labels) : [];
    return labels
      .filter((label) => reserved.includes(label))
      .map((label) => ({ path: [...path, "labels", label], message: "is set by Kubernetes itself; leave it out" }));
  });
}

/** Bytes; `undefined` where it is not a size. */
function bytes(size: unknown): number | undefined {
  const match = typeof size === "string" ? /^(\d+(?:\.\d+)?)([KMG]?)$/.exec(size) : null;
  if (!match) return undefined;
  return Number(match[1]) * 1024 ** ["", "K", "M", "G"].indexOf(match[2] ?? "");
}

/** kubeadm refuses a control plane with less (its checks NumCPU and Mem). */
const CONTROL_PLANE_CPUS = 2;
const CONTROL_PLANE_MEMORY = "1700M";
/** Multipass refuses less, but Ubuntu with Kubernetes needs more than its 128M and 512M. */
const NODE_MEMORY = "1G";
const NODE_DISK = "8G";

function multipassNodes(view: View): Problem[] {
  if (view.kind !== "multipass") return [];
  const machines = view.raw.machines as Record<string, unknown>;
  return view.nodes.flatMap(({ path, raw, name, role }) => {
    const setting = (field: string) => {
      const own = Object.hasOwn(raw, field);
      return { path: own ? [...path, field] : ["machines", field], value: own ? raw[field] : machines[field] };
    };
    const problems: Problem[] = [];
    if (name && !/^[a-z]/.test(name.value)) {
      problems.push({
        path: name.path,
        message: `${quoted(name.value)} does not start with a letter, as Multipass wants it`,
      });
    }
    const who = role === "control-plane" ? "a control plane" : "a node";
    const least = { memory: role === "control-plane" ? CONTROL_PLANE_MEMORY : NODE_MEMORY, disk: NODE_DISK };
    for (const field of ["memory", "disk"] as const) {
      const { path: at, value } = setting(field);
      const size = bytes(value);
      if (size !== undefined && size < (bytes(least[field]) ?? 0)) {
        problems.push({
          path: at,
          message: `${quoted(String(value))} is too little for ${who}: at least ${least[field]}`,
        });
      }
    }
    const cpus = setting("cpus");
    if (role === "control-plane" && typeof cpus.value === "number" && cpus.value < CONTROL_PLANE_CPUS) {
      problems.push({
        path: cpus.path,
        message: `${cpus.value} is too few for a control plane: at least ${CONTROL_PLANE_CPUS}`,
      });
    }
    return problems;
  });
}

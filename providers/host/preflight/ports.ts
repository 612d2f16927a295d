import type { Expectations, Role } from "./hosts";

/** A port that the cluster needs: nothing else may listen there, and where `from` says so others must reach it. */
export interface NeededPort {
  protocol: "tcp" | "udp";
  port: number;
  purpose: string;
  on: Role | "all";
  /** Which of the other hosts connect to it; "none": it is used on the host alone. */
  from: Role | "all" | "none";
  /** Pods connect to it, by their own addresses. */
  pods?: true;
}

/**
 * Kubernetes' ports (https://kubernetes.io/docs/reference/networking/ports-and-protocols/) and Cilium's as this program
 * sets it up: a VXLAN tunnel, no encryption (https://docs.cilium.io/en/stable/operations/system_requirements/).
 */
export function neededPorts({ apiPort, cilium, hubble }: NeededPortsOf): NeededPort[] {
  return [
    { protocol: "tcp", port: apiPort, purpose: "Kubernetes API", on: "control-plane", from: "all", pods: true },
    { protocol: "tcp", port: 2379, purpose: "etcd, clients", on: "control-plane", from: "control-plane" },
    { protocol: "tcp", port: 2380, purpose: "etcd, peers", on: "control-plane", from: "control-plane" },
    { protocol: "tcp", port: 10257, purpose: "controller manager", on: "control-plane", from: "none" },
    { protocol: "tcp", port: 10259, purpose: "scheduler", on: "control-plane", from: "none" },
    { protocol: "tcp", port: 10248, purpose: "kubelet's health", on: "all", from: "none" },
    { protocol: "tcp", port: 10250, purpose: "kubelet", on: "all", from: "all", pods: true },
    ...(cilium ? CILIUM_PORTS : []),
    ...(cilium && hubble ? [HUBBLE_PORT] : []),
  ];
}

type NeededPortsOf = Pick<Expectations, "apiPort" | "cilium" | "hubble">;

const CILIUM_PORTS: readonly NeededPort[] = [
  { protocol: "tcp", port: 4240, purpose: "Cilium's health", on: "all", from: "all" },
  { protocol: "tcp", port: 9879, purpose: "Cilium agent's health", on: "all", from: "none" },
  { protocol: "tcp", port: 9234, purpose: "Cilium operator's health", on: "all", from: "none" },
  { protocol: "udp", port: 8472, purpose: "Cilium's tunnel", on: "all", from: "all" },
];
const HUBBLE_PORT: NeededPort = { protocol: "tcp", port: 4244, purpose: "Hubble", on: "all", from: "all", pods: true };

/** The TCP ports of Kubernetes itself on a node of the role. */
export function nodePorts(role: Role, apiPort = 6443): number[] {
  return neededPorts({ apiPort, cilium: false, hubble: false })
    .filter((port) => neededOn(port, role))
    .map(({ port }) => port);
}

/** Whether a port is needed on a host of the role; of a host whose role is not known, what every host needs. */
export function neededOn(port: NeededPort, role: Role | undefined): boolean {
  return port.on === "all" || port.on === role;
}

/** As in `10250/tcp (kubelet)`. */
export function portText({ port, protocol, purpose }: NeededPort): string {
  return `${port}/${protocol} (${purpose})`;
}

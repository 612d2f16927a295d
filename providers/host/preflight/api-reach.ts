import net from "node:net";
import type { Finding, PreflightHost } from "./hosts";

export interface Endpoint {
  /** IPv4 address or DNS name. */
  host: string;
  port: number;
}

const DIAL_SECONDS = 8;
/** What keeps a connection away, by the code of Node: the rest of a sentence. */
const KEPT_AWAY: Readonly<Record<string, string>> = {
  ETIMEDOUT: "there is no answer",
  EHOSTUNREACH: "there is no way to it",
  ENETUNREACH: "there is no way to it",
  EACCES: "a firewall of the workstation forbids it",
  EPERM: "a firewall of the workstation forbids it",
  ENOTFOUND: "the name has no address",
  EAI_AGAIN: "the name can't be resolved now",
};

/**
 * Pulumi's Kubernetes provider and Helm ask the API server from the workstation, and not through the bastion that SSH goes
 * through: where they can't reach it, an `up` would fail after `kubeadm init`. Before that nothing listens there, so a connection that
 * is refused is one that arrived.
 *
 * @param on the first control plane
 */
export async function apiFindings(
  on: PreflightHost,
  { host, port }: Endpoint,
  seconds = DIAL_SECONDS,
): Promise<Finding[]> {
  const why = KEPT_AWAY[await dial(host, port, seconds)];
  if (why === undefined) return [];
  return [
    {
      name: "api-unreachable",
      hosts: [on.name],
      problem: `the workstation, which runs pulumi, can't reach the API server's address ${host}:${port}: ${why}`,
      action: `let ${port}/tcp in from the workstation: a firewall's rule, a route, a VPN (a bastion carries only SSH). Where it reaches another address of the control plane, set cluster.controlPlaneEndpoint to that`,
    },
  ];
}

/** The code of the error; "" for none, or for one that came from the other side. */
function dial(host: string, port: number, seconds: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, family: 4 });
    const done = (code: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(code);
    };
    const timer = setTimeout(() => done("ETIMEDOUT"), seconds * 1000);
    socket.once("connect", () => done("")).once("error", (error: NodeJS.ErrnoException) => done(error.code ?? ""));
  });
}

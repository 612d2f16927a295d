import * as https from "node:https";
import { load } from "js-yaml";

/** How long one request may take, in milliseconds. */
const ANSWER_MS = 10_000;

/** The part of a kubeconfig of one cluster and one user that is needed to ask the API. */
interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data"?: string } }[];
  users: { user: { "client-certificate-data"?: string; "client-key-data"?: string } }[];
}

/** The API server answered, and not with what was asked for. */
export class ApiRefusal extends Error {
  constructor(
    message: string,
    /** Of HTTP. */
    readonly status: number,
  ) {
    super(message);
    this.name = "ApiRefusal";
  }
}

/** The API server could not be asked. */
export class ApiUnreachable extends Error {
  constructor(
    message: string,
    /** Of Node, as in "ECONNREFUSED" and "CERT_HAS_EXPIRED". */
    readonly code: string,
  ) {
    super(message);
    this.name = "ApiUnreachable";
  }
}

/**
 * A cluster's API, asked from this computer by the kubeconfig, whose key stays in memory. Paths are the API's own, as in
 * `/api/v1/nodes`. Every request throws ApiRefusal or ApiUnreachable where it fails, with the server's address first.
 */
export class KubernetesApi {
  private readonly server: URL;
  private readonly agent: https.Agent;

  /** @throws Error where the kubeconfig names no cluster or no user */
  constructor(kubeconfig: string) {
    const { clusters, users } = load(kubeconfig) as Kubeconfig;
    const cluster = clusters[0]?.cluster;
    const user = users[0]?.user;
    if (!cluster || !user) throw new Error("the stack's kubeconfig names no cluster or no user");
    const decoded = (text?: string) => (text ? Buffer.from(text, "base64") : undefined);
    this.server = new URL(cluster.server);
    this.agent = new https.Agent({
      ca: decoded(cluster["certificate-authority-data"]),
      cert: decoded(user["client-certificate-data"]),
      key: decoded(user["client-key-data"]),
      keepAlive: true,
    });
  }

  /** `address:port` of the API server. */
  get host(): string {
    return this.server.host;
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.request("GET", path)) as T;
  }

  /** The items of a list; none where the cluster has no such kind of object. */
  async list<T>(path: string): Promise<T[]> {
    try {
      return (await this.get<{ items: T[] }>(path)).items;
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  /** An answer that is no JSON, as a pod's log. */
  async text(path: string): Promise<string> {
    return this.request("GET", path);
  }

  async create<T>(path: string, object: object): Promise<T> {
    return JSON.parse(await this.request("POST", path, "application/json", object)) as T;
  }

  async patch(path: string, change: object): Promise<void> {
    await this.request("PATCH", path, "application/merge-patch+json", change);
  }

  /** Asks for the removal, and does not wait for it. A thing that is gone counts as removed. */
  async remove(path: string): Promise<void> {
    await this.request("DELETE", path).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** Closes the connections, which would keep the process alive. */
  close(): void {
    this.agent.destroy();
  }

  private request(method: string, path: string, type?: string, body?: object): Promise<string> {
    const url = new URL(path, this.server);
    const about = `${url.host}: ${method} ${url.pathname}`;
    return new Promise((resolve, reject) => {
      const headers = type ? { "Content-Type": type } : {};
      const request = https.request(url, { method, headers, agent: this.agent, timeout: ANSWER_MS }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(text);
          else reject(new ApiRefusal(`${about}: ${refusal(statusCode, text)}`, statusCode));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
      request.on("error", (error: NodeJS.ErrnoException) =>
        reject(new ApiUnreachable(`${about}: ${error.message || error.code}`, error.code ?? "")),
      );
      request.end(body && JSON.stringify(body));
    });
  }
}

/** There is no such object, or no such kind of object. */
export function isMissing(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 404;
}

/** The API's own words: it answers with a Status object, and the health checks with text. */
function refusal(status: number, text: string): string {
  try {
    return `HTTP ${status}: ${(JSON.parse(text) as { message: string }).message}`;
  } catch {
    return `HTTP ${status}: ${text.trim().split("\n").at(-1) ?? ""}`;
  }
}

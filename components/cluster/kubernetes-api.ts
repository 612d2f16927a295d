import * as https from "node:https";
import { load } from "js-yaml";

/** The part of a kubeconfig of one cluster and one user that is needed to ask the API. */
interface Kubeconfig {
  clusters: { cluster: { server: string; "certificate-authority-data"?: string } }[];
  users: { user: { token?: string; "client-certificate-data"?: string; "client-key-data"?: string } }[];
}

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What one request may say about itself. */
export interface Asked {
  /** What is said to fail: `<host>: <doing> failed: …`; the method and the path by default. */
  doing?: string;
  /** Of the answer; JSON as the API has it by default. */
  accept?: string;
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
 * A cluster's API, asked from the workstation by the kubeconfig, whose key stays in memory. Paths are the API's own, as in
 * `/api/v1/nodes`. Every request throws ApiRefusal or ApiUnreachable where it fails, with the server's address first.
 */
export class KubernetesApi {
  private readonly server: URL;
  private readonly agent: https.Agent;
  private readonly token?: string;

  /**
   * @param answerSeconds how long one answer may take
   * @throws Error where the kubeconfig names no cluster or no user
   */
  constructor(
    kubeconfig: string,
    private readonly answerSeconds = 10,
  ) {
    const { clusters, users } = (load(kubeconfig) ?? {}) as Partial<Kubeconfig>;
    const cluster = clusters?.[0]?.cluster;
    const user = users?.[0]?.user;
    if (!cluster || !user) throw new Error("the kubeconfig names no cluster or no user");
    this.token = user.token;
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

  async get<T>(path: string, asked?: Asked): Promise<T> {
    return JSON.parse(await this.request("GET", path, asked)) as T;
  }

  /** The items of a list; none where the cluster has no such kind of object. */
  async list<T>(path: string, asked?: Asked): Promise<T[]> {
    try {
      // An empty list of metadata alone says null.
      return (await this.get<{ items: T[] | null }>(path, asked)).items ?? [];
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
    return JSON.parse(await this.request("POST", path, {}, object)) as T;
  }

  /** @param change a merge patch */
  async patch(path: string, change: object): Promise<void> {
    await this.request("PATCH", path, {}, change);
  }

  /** Asks for the removal, and does not wait for it. A thing that is gone counts as removed. */
  async remove(path: string, asked?: Asked): Promise<void> {
    await this.request("DELETE", path, asked).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }

  /** Closes the connections, which would keep the process alive. */
  close(): void {
    this.agent.destroy();
  }

  /**
   * @param body an object; with PATCH a merge patch
   * @returns the text of the answer
   */
  request(method: Method, path: string, { doing, accept }: Asked = {}, body?: object): Promise<string> {
    const url = new URL(path, this.server);
    const about = `${url.host}: ${doing ? `${doing} failed` : `${method} ${url.pathname}`}`;
    const headers = {
      ...(accept ? { Accept: accept } : {}),
      ...(body ? { "Content-Type": method === "PATCH" ? "application/merge-patch+json" : "application/json" } : {}),
      ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}),
    };
    return new Promise((resolve, reject) => {
      const unreachable = (error: NodeJS.ErrnoException) =>
        reject(new ApiUnreachable(`${about}: ${error.message || error.code}`, error.code ?? ""));
      const options = { method, headers, agent: this.agent, timeout: this.answerSeconds * 1000 };
      const request = https.request(url, options, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("error", unreachable).on("end", () => {
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode < 300) resolve(text);
          else reject(new ApiRefusal(`${about}: ${refusal(statusCode, text)}`, statusCode));
        });
      });
      request.on("timeout", () => request.destroy(new Error(`no answer within ${this.answerSeconds} s`)));
      request.on("error", unreachable);
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

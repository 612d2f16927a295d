import * as https from "node:https";
import { load } from "js-yaml";

/** How long an answer may take. */
const ANSWER_SECONDS = 30;

/** The part of a kubeconfig of one cluster and one user that is needed to ask the API. */
interface Kubeconfig {
  clusters?: { cluster: { server: string; "certificate-authority-data": string } }[];
  users?: { user: { token?: string; "client-certificate-data"?: string; "client-key-data"?: string } }[];
}

interface KubernetesRequest {
  method?: "GET" | "DELETE";
  /** Of the answer; JSON as the API has it by default. */
  accept?: string;
  /** What is said to fail: `<host>: <doing> failed: …`. */
  doing: string;
}

/**
 * Asks a cluster's API, from the computer that runs this, by the kubeconfig.
 *
 * @param path with its query
 * @returns the object; `undefined` where there is none of that name
 * @throws Error that begins with the server's address
 */
export async function askKubernetes<T>(
  kubeconfig: string,
  path: string,
  { method = "GET", accept = "application/json", doing }: KubernetesRequest,
): Promise<T | undefined> {
  const { clusters, users } = (load(kubeconfig) ?? {}) as Kubeconfig;
  const [cluster, user] = [clusters?.[0]?.cluster, users?.[0]?.user];
  if (!cluster || !user) throw new Error(`${doing} failed: the kubeconfig names no cluster or no user`);
  const url = new URL(path, cluster.server);
  const answer = await ask(url, {
    method,
    headers: { accept, ...(user.token ? { authorization: `Bearer ${user.token}` } : {}) },
    ca: decoded(cluster["certificate-authority-data"]),
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
  }).catch((error: Error) => {
    throw new Error(`${url.host}: ${doing} failed: ${error.message}`);
  });
  if (answer.code === 404) return undefined;
  if (answer.code >= 300) throw new Error(`${url.host}: ${doing} failed: ${reason(answer)}`);
  return JSON.parse(answer.body) as T;
}

interface Answer {
  code: number;
  body: string;
}

function ask(url: URL, options: https.RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { ...options, timeout: ANSWER_SECONDS * 1000 }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part: string) => (body += part));
      response.on("error", reject).on("end", () => resolve({ code: response.statusCode ?? 0, body }));
    });
    request.on("timeout", () => request.destroy(new Error(`no answer within ${ANSWER_SECONDS} s`)));
    request.on("error", reject).end();
  });
}

/** The API server's own words, where it has some. */
function reason({ code, body }: Answer): string {
  const said = /^\{/.test(body) ? (JSON.parse(body) as { message?: string }).message : undefined;
  return said ? `HTTP ${code}: ${said}` : `HTTP ${code}`;
}

function decoded(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text, "base64");
}

import { TailnetError } from "./errors";

/** How the tailnet is reached that an OAuth client belongs to. */
export interface TailnetAccess {
  clientId: string;
  clientSecret: string;
  /** Of another service with the same API; empty for Tailscale's own. */
  loginServer: string;
}

/** A device as the API lists it; it has more fields. */
export interface Device {
  /** Its id for ever, as `tailscale status` on it says too. */
  nodeId: string;
  /** The name that it gave itself. */
  hostname: string;
  /** Its name in the tailnet: a number is appended where another device has that name. */
  name: string;
  /** RFC 3339. */
  lastSeen?: string;
  tags?: string[];
}

interface AuthKey {
  /** The public part, by which it is deleted. */
  id: string;
  key: string;
}

const TAILSCALE_API = "https://api.tailscale.com";
const REQUEST_LIMIT_SECONDS = 20;
/** A key is used within a minute; one that a killed run leaves behind is of no use for long. */
const KEY_LIFE_SECONDS = 600;

/** The part of Tailscale's API that is needed here, with an OAuth client's rights. */
export class Tailnet {
  private constructor(
    private readonly base: string,
    private readonly access: TailnetAccess,
    private readonly token: string,
  ) {}

  /** @throws TailnetError of kind `credentials` where the client is not known (any longer). */
  static async open(access: TailnetAccess): Promise<Tailnet> {
    const base = access.loginServer === "" ? TAILSCALE_API : access.loginServer.replace(/\/+$/, "");
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: access.clientId,
      client_secret: access.clientSecret,
    });
    const answer = await request(base, access, "logging in", "/api/v2/oauth/token", { method: "POST", body });
    const { access_token: token } = await json<{ access_token?: string }>(answer, access, "logging in");
    if (!token) throw new TailnetError("refused", access, "logging in", "the answer has no token in it");
    return new Tailnet(base, access, token);
  }

  async devices(): Promise<Device[]> {
    const doing = "listing devices";
    const answer = await this.ask(doing, "/api/v2/tailnet/-/devices");
    return (await json<{ devices?: Device[] }>(answer, this.access, doing)).devices ?? [];
  }

  /** Whether there is such a device. */
  async hasDevice(nodeId: string): Promise<boolean> {
    const answer = await this.ask("reading a device", `/api/v2/device/${encodeURIComponent(nodeId)}`, {}, [404]);
    return answer.ok;
  }

  /** A device that is gone is taken as removed. */
  async removeDevice(nodeId: string): Promise<void> {
    const path = `/api/v2/device/${encodeURIComponent(nodeId)}`;
    await this.ask(`removing device ${nodeId}`, path, { method: "DELETE" }, [404]);
  }

  /** A key for one host, approved in advance. */
  async createKey(tags: readonly string[], description: string): Promise<AuthKey> {
    const create = { reusable: false, ephemeral: false, preauthorized: true, tags };
    const body = JSON.stringify({
      capabilities: { devices: { create } },
      expirySeconds: KEY_LIFE_SECONDS,
      description,
    });
    const doing = `making an auth key with ${tags.join(", ")}`;
    const answer = await this.ask(doing, "/api/v2/tailnet/-/keys", { method: "POST", body });
    const { id, key } = await json<Partial<AuthKey>>(answer, this.access, doing);
    if (!id || !key) throw new TailnetError("refused", this.access, doing, "the answer has no key in it");
    return { id, key };
  }

  /** A used or expired key is gone already. */
  async deleteKey(id: string): Promise<void> {
    const path = `/api/v2/tailnet/-/keys/${encodeURIComponent(id)}`;
    await this.ask("deleting an auth key", path, { method: "DELETE" }, [404]);
  }

  private ask(doing: string, path: string, init: RequestInit = {}, allowed: number[] = []): Promise<Response> {
    const headers = {
      authorization: `Bearer ${this.token}`,
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
    };
    return request(this.base, this.access, doing, path, { ...init, headers }, allowed);
  }
}

async function request(
  base: string,
  access: TailnetAccess,
  doing: string,
  path: string,
  init: RequestInit,
  allowed: number[] = [],
): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(base + path, { ...init, signal: AbortSignal.timeout(REQUEST_LIMIT_SECONDS * 1000) });
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    throw new TailnetError("unreachable", access, doing, `${base}: ${cause?.message || message}`);
  }
  if (answer.ok || allowed.includes(answer.status)) return answer;
  const kind = answer.status === 401 || answer.status === 403 ? "credentials" : "refused";
  throw new TailnetError(kind, access, doing, `${base} answered ${answer.status}${await said(answer)}`);
}

async function json<Content>(answer: Response, access: TailnetAccess, doing: string): Promise<Content> {
  try {
    return (await answer.json()) as Content;
  } catch {
    throw new TailnetError("refused", access, doing, "the answer is no JSON; is this Tailscale's API?");
  }
}

const LONGEST_ANSWER = 200;

/** The service's own words, as a part of a message. */
async function said(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => "");
  let words = text;
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === "string") words = message;
  } catch {
    // A proxy on the way answers in HTML.
  }
  const line = words.replace(/\s+/g, " ").trim().slice(0, LONGEST_ANSWER);
  return line === "" ? "" : ` (${line})`;
}

import { randomBytes } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeDevice {
  nodeId: string;
  hostname: string;
  name: string;
  tags: string[];
  lastSeen: string;
}

interface FakeKey {
  id: string;
  key: string;
  tags: string[];
}

/**
 * A fake of Tailscale's service, for tests: the part of its API that the program uses, and the login of machines whose
 * `tailscale` is the fake beside it. Everything is in memory, and nothing is encrypted: for loopback and test bridges.
 */
export class FakeTailnet {
  /** Secrets by the ids of OAuth clients. */
  readonly clients = new Map<string, string>();
  readonly devices = new Map<string, FakeDevice>();
  readonly keys = new Map<string, FakeKey>();
  /** `METHOD PATH` of everything that was asked. */
  readonly requests: string[] = [];
  /** Ids of the keys that were ever made. */
  readonly madeKeys: string[] = [];
  private readonly tokens = new Set<string>();

  private constructor(private readonly server: http.Server) {}

  /** @param host the address to listen on; tests on machines take their bridge's. */
  static async start(host = "127.0.0.1"): Promise<FakeTailnet> {
    const server = http.createServer((request, response) => void fake.answer(request, response));
    const fake = new FakeTailnet(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return fake;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Adds a device, as its own login would. */
  addDevice(hostname: string, tags: string[] = []): FakeDevice {
    const nodeId = `n${randomBytes(6).toString("hex")}CNTRL`;
    const taken = [...this.devices.values()].filter((device) => device.hostname === hostname).length;
    const name = `${taken === 0 ? hostname : `${hostname}-${taken}`}.tail0000.ts.net`;
    const device = { nodeId, hostname, name, tags, lastSeen: "2026-01-01T00:00:00Z" };
    this.devices.set(nodeId, device);
    return device;
  }

  /** Adds a key as the admin console makes it: it can be used many times. */
  addKey(tags: string[]): string {
    const key = `tskey-auth-${randomBytes(12).toString("hex")}`;
    this.keys.set(key, { id: "", key, tags });
    return key;
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    this.requests.push(`${method} ${url}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const [status, content] = this.route(method, url, body, request.headers.authorization);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(content));
  }

  private route(method: string, url: string, body: string, authorization = ""): [number, object] {
    if (url === "/api/v2/oauth/token") return this.logIn(new URLSearchParams(body));
    if (url.startsWith("/machine/")) return this.machine(url, new URLSearchParams(body));
    if (!this.tokens.has(authorization)) return [401, { message: "API token invalid" }];
    if (url === "/api/v2/tailnet/-/devices") return [200, { devices: [...this.devices.values()] }];
    if (url === "/api/v2/tailnet/-/keys" && method === "POST") return this.makeKey(body);
    const id = decodeURIComponent(url.slice(url.lastIndexOf("/") + 1));
    if (url.startsWith("/api/v2/tailnet/-/keys/") && method === "DELETE") {
      const found = [...this.keys.values()].find((key) => key.id === id);
      if (found) this.keys.delete(found.key);
      return found ? [200, {}] : [404, { message: "not found" }];
    }
    if (url.startsWith("/api/v2/device/")) {
      const device = this.devices.get(id);
      if (!device) return [404, { message: "no manageable device matching provided ID found" }];
      if (method === "DELETE") this.devices.delete(id);
      return [200, device];
    }
    return [404, { message: "not found" }];
  }

  private logIn(form: URLSearchParams): [number, object] {
    const secret = this.clients.get(form.get("client_id") ?? "");
    if (secret === undefined || secret !== form.get("client_secret")) return [401, { message: "API token invalid" }];
    const token = randomBytes(12).toString("hex");
    this.tokens.add(`Bearer ${token}`);
    return [200, { access_token: token, token_type: "Bearer", expires_in: 3600 }];
  }

  private makeKey(body: string): [number, object] {
    const { capabilities } = JSON.parse(body) as { capabilities: { devices: { create: { tags?: string[] } } } };
    const tags = capabilities.devices.create.tags ?? [];
    if (tags.length === 0) return [400, { message: "tailnet-owned auth key must have tags set" }];
    const id = `k${randomBytes(6).toString("hex")}CNTRL`;
    const key = `tskey-auth-${id}-${randomBytes(12).toString("hex")}`;
    this.keys.set(key, { id, key, tags });
    this.madeKeys.push(id);
    return [200, { id, key }];
  }

  /** The requests of machines. The real service has another protocol for them. */
  private machine(url: string, form: URLSearchParams): [number, object] {
    const device = this.devices.get(form.get("device") ?? "");
    if (url === "/machine/register") {
      const key = this.keys.get(form.get("key") ?? "");
      if (!key) return [401, { message: `invalid key: ${form.get("key") ?? ""} not found` }];
      if (key.id !== "") this.keys.delete(key.key);
      return [200, this.addDevice(form.get("hostname") ?? "", key.tags)];
    }
    if (!device) return [404, { message: "no such device" }];
    if (url === "/machine/rename") device.hostname = form.get("hostname") ?? "";
    return [200, device];
  }
}

import http from "node:http";
import type { AddressInfo } from "node:net";

/**
 * What is done to one answer: passed on, one byte altered, ended in the middle though more is announced, or something else
 * in its place.
 */
export type Treatment = "pass" | "alter" | "cut" | Buffer;

/** An HTTP server that hands on what another one answers, and spoils it. */
export class FaultyProxy {
  /** Paths that were asked for, in order. */
  readonly requests: string[] = [];
  /** What is done to the answer for a path; `count` says how often it was asked for, this time included. */
  treat: (path: string, count: number) => Treatment = () => "pass";

  private constructor(
    private readonly upstream: string,
    private readonly server: http.Server,
  ) {}

  /** @param upstream URL to which the paths are appended */
  static async create(address: string, upstream: string): Promise<FaultyProxy> {
    const server = http.createServer();
    const proxy = new FaultyProxy(upstream, server);
    server.on("request", (request, response) => {
      proxy.answer(request, response).catch((error: Error) => response.destroy(error));
    });
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return proxy;
  }

  get url(): string {
    const { address, port } = this.server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    this.requests.push(path);
    const treatment = this.treat(path, this.requests.filter((each) => each === path).length);
    if (treatment instanceof Buffer) {
      response.end(treatment);
      return;
    }
    const wanted = Object.entries(request.headers).filter(([name]) => name === "range" || name === "if-range");
    const answer = await fetch(`${this.upstream}${path}`, {
      headers: wanted.map(([name, value]) => [name, String(value)]),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    const kept = ["content-type", "content-range", "last-modified", "accept-ranges"];
    const headers = Object.fromEntries([...answer.headers].filter(([name]) => kept.includes(name)));
    response.writeHead(answer.status, { ...headers, "content-length": body.length });
    const middle = Math.floor(body.length / 2);
    if (treatment === "alter") body[middle] = (body[middle] ?? 0) ^ 1;
    if (treatment === "cut") response.write(body.subarray(0, middle), () => response.destroy());
    else response.end(body);
  }
}

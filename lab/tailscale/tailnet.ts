import path from "node:path";
import { createInterface } from "node:readline";
import execa from "execa";
import { tailnetProgramName } from "../addons/tailscale/addon";
import { ensureBinaries } from "../build/binaries";

/** A device as the service's console shows it. */
export interface TailnetDevice {
  nodeId: string;
  hostname: string;
  /** Its name in the tailnet, with a number where another device has that name. */
  name: string;
  tags: string[];
  addresses: string[];
  /** Whether it listens to the service now. */
  connectedToControl: boolean;
}

interface Console {
  devices: TailnetDevice[];
  /** Ids of the keys that are there, and of all that were ever made. */
  keys: string[];
  madeKeys: string[];
  /** `METHOD PATH` of everything that was asked. */
  requests: string[];
}

/**
 * The lab's Tailscale service, which the real `tailscaled` and the real operator log in to: see `tailnet/`. It ends with this
 * process.
 */
export class LabTailnet {
  private constructor(
    private readonly service: execa.ExecaChildProcess,
    /** What `loginServer` is set to. */
    readonly url: string,
    private readonly console: string,
  ) {}

  /** @param listen `address:port`; tests on machines take their bridge's, which must be there. */
  static async start(listen: string): Promise<LabTailnet> {
    const program = path.join(await ensureBinaries("tailscale"), tailnetProgramName);
    const service = execa(program, ["-listen", listen], { stdin: "pipe", stderr: "ignore", buffer: false });
    service.catch(() => undefined);
    if (!service.stdout) throw new Error("the lab's Tailscale service has no output");
    for await (const line of createInterface({ input: service.stdout })) {
      const { url, console: at } = JSON.parse(line) as { url: string; console: string };
      return new LabTailnet(service, url, at);
    }
    throw new Error(`the lab's Tailscale service did not start on ${listen}`);
  }

  async stop(): Promise<void> {
    this.service.stdin?.end();
    await this.service.catch(() => undefined);
  }

  async addClient(id: string, secret: string): Promise<void> {
    await fetch(`${this.console}/clients/${id}?secret=${encodeURIComponent(secret)}`, { method: "PUT" });
  }

  /** As when it expires: its tokens are worth nothing any more. */
  async removeClient(id: string): Promise<void> {
    await fetch(`${this.console}/clients/${id}`, { method: "DELETE" });
  }

  async look(): Promise<Console> {
    return (await (await fetch(this.console)).json()) as Console;
  }

  /** Names in the tailnet without its domain, sorted. */
  async names(): Promise<string[]> {
    return (await this.look()).devices.map(({ name }) => name.replace(/\..*$/, "")).sort();
  }
}

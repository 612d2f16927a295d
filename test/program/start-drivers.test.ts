import path from "node:path";
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from "@grpc/grpc-js";
import execa from "execa";
import { eventually } from "../harness/eventually";

const CHECKOUT = path.resolve(__dirname, "..", "..");
jest.setTimeout(60_000);

interface Invoke {
  getTok(): string;
}

/** What of the engine the program speaks to, as far as that is invoked. */
class Monitor {
  readonly invoked: string[] = [];
  private readonly server = new Server();
  address = "";

  async start(): Promise<this> {
    const { ResourceMonitorService } = (await import("@pulumi/pulumi/proto/resource_grpc_pb")) as unknown as {
      ResourceMonitorService: Parameters<Server["addService"]>[0];
    };
    this.server.addService(ResourceMonitorService, {
      invoke: ({ request }: ServerUnaryCall<Invoke, never>, answer: sendUnaryData<never>) => {
        this.invoked.push(request.getTok());
        answer({ code: 2, details: "unknown function" });
      },
    });
    const port = await new Promise<number>((resolve, reject) =>
      this.server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  end(): void {
    this.server.forceShutdown();
  }
}

/** Starts a program that waits so long, with the loader of Pulumi.yaml and the arguments that the SDK's `cmd/run` gets. */
function start(seconds: number, ...args: string[]): execa.ExecaChildProcess {
  const program = ["-e", `setTimeout(() => undefined, ${seconds * 1000})`, "--", ...args];
  return execa("node", ["--require", "./providers/loader.cjs", ...program], { cwd: CHECKOUT, reject: false });
}

describe("the process of the drivers", () => {
  let monitor: Monitor;
  beforeEach(async () => (monitor = await new Monitor().start()));
  afterEach(() => monitor.end());

  test("is started in a preview", async () => {
    const program = start(60, "--monitor", monitor.address, "--dry-run");
    expect(await eventually(async () => Promise.resolve(monitor.invoked.length > 0), 50)).toBe(true);
    program.kill();
    await program;
    expect(monitor.invoked).toEqual(["pulumi-nodejs:index:start"]);
  });

  test("is not started in an update, which may be refused", async () => {
    expect((await start(1, "--monitor", monitor.address)).exitCode).toBe(0);
    expect(monitor.invoked).toEqual([]);
  });

  test("is not waited for: a program that ends early, or whose request doesn't arrive, ends well", async () => {
    expect((await start(0, "--monitor", monitor.address, "--dry-run")).exitCode).toBe(0);
    expect((await start(2, "--monitor", "127.0.0.1:1", "--dry-run")).exitCode).toBe(0);
  });
});

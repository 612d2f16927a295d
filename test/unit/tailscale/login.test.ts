import { FakeTailnet } from "../../../lab/tailscale/service";
import { type LoginInputs, type LoginOutputs, tailscaleLoginDriver } from "../../../providers/tailscale/login-driver";
import { parseStatus } from "../../../providers/tailscale/status";
import { answerScript, hostKeys, startServer, type TestServer } from "../ssh/in-process-server";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";

const DEVICE = "nMACHINE";

/** What a host answers to the scripts that it gets; what it got is in `scripts`. */
class Host {
  scripts: string[] = [];
  state = "NeedsLogin";
  tags: string[] = [];
  /** What `tailscale up` says where it fails. */
  refusal?: string;
  logoutSays = "";

  run(script: string): { code: number; out?: string; err?: string } {
    this.scripts.push(script);
    if (script.includes("tailscale up")) {
      if (this.refusal !== undefined) return { code: 1, err: this.refusal };
      this.state = "Running";
      this.tags = ["tag:k8s-node"];
    }
    if (script.includes("tailscale logout")) return { code: 0, out: this.logoutSays };
    const status = { BackendState: this.state, Self: { ID: DEVICE, Tags: this.tags }, TailscaleIPs: ["100.64.0.1"] };
    return { code: 0, out: script.includes("tailscale status") ? JSON.stringify(status, null, 2) : "" };
  }

  did(command: string): boolean {
    return this.scripts.some((script) => script.includes(command));
  }
}

let service: FakeTailnet;
let host: Host;
let server: TestServer;
let warnings: string[];

beforeEach(async () => {
  service = await FakeTailnet.start();
  service.clients.set("k123", "tskey-client-c4n4ry");
  host = new Host();
  server = await startServer({
    answer: (channel) => {
      const chunks: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.on("end", () => {
        const script = Buffer.concat(chunks).toString("utf8");
        const { code, out, err } = host.run(script);
        answerScript(channel, script, { stdout: out, stderr: err, exitCode: code });
      });
    },
  });
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await server.close();
  await service.stop();
});

const inputs = (change: Partial<LoginInputs> = {}): LoginInputs => ({
  node: server.target,
  incarnation: "1",
  hostname: "lab-w1",
  tags: ["tag:k8s-node"],
  loginServer: service.url,
  oauth: { clientId: "k123", clientSecret: "tskey-client-c4n4ry" },
  ...change,
});
const outputs = (change: Partial<LoginInputs> = {}): LoginOutputs => ({
  ...inputs(change),
  device: DEVICE,
  addresses: ["100.64.0.1"],
});

describe("the login of a machine", () => {
  test("takes a key of its own, which is deleted afterwards and recorded nowhere", async () => {
    const made = await tailscaleLoginDriver.create(inputs());
    expect(made).toEqual({ id: DEVICE, outputs: outputs() });
    expect(host.scripts.find((script) => script.includes("tailscale up"))).toContain("key=tskey-auth-");
    expect(service.madeKeys).toHaveLength(1);
    expect(service.keys.size).toBe(0);
    expect(JSON.stringify(made)).not.toContain("tskey-auth-");
    // What sshd and the list of processes see.
    expect(server.commands.join("\n")).not.toMatch(/tskey|c4n4ry/);
  });

  test("deletes the key where the login fails, and says what tailscale said", async () => {
    host.refusal = "w1: tailscale-login: 'tailscale up' failed: backend error: requested tags are invalid\n";
    await expect(tailscaleLoginDriver.create(inputs())).rejects.toThrow(/requested tags are invalid/);
    expect(service.madeKeys).toHaveLength(1);
    expect(service.keys.size).toBe(0);
  });

  test("takes the user's own key where there is one, without a word to the API", async () => {
    await tailscaleLoginDriver.create(inputs({ authKey: "tskey-auth-own", oauth: undefined }));
    expect(host.did("key=tskey-auth-own")).toBe(true);
    expect(service.requests).toEqual([]);
  });

  test("tailscale-dup-device / expired OAuth: is not repeated where an interrupted run logged in already: no second device comes about", async () => {
    Object.assign(host, { state: "Running", tags: ["tag:k8s-node"] });
    expect((await tailscaleLoginDriver.create(inputs())).id).toBe(DEVICE);
    expect(host.did("tailscale up")).toBe(false);
    expect(host.did("tailscale set --hostname=lab-w1")).toBe(true);
  });

  test("is replaced where the host has other tags", async () => {
    Object.assign(host, { state: "Running", tags: ["tag:other"] });
    await tailscaleLoginDriver.create(inputs());
    expect(host.did("--advertise-tags=tag:k8s-node")).toBe(true);
  });

  test("tailscale-dup-device / expired OAuth: fails with the credential's name where the OAuth client has expired; the host is not logged in", async () => {
    service.clients.clear();
    await expect(tailscaleLoginDriver.create(inputs())).rejects.toThrow(/k123 \(addons\.tailscale\.oauth\)/);
    expect(host.did("tailscale up")).toBe(false);
  });
});

describe("a change", () => {
  test.each([
    ["a new machine", { incarnation: "2" }],
    ["other tags", { tags: ["tag:other"] }],
    ["another service", { loginServer: "http://elsewhere.example" }],
  ])("to %s logs in again, after the old device is removed", (_what, change) => {
    expect(tailscaleLoginDriver.diff(DEVICE, outputs(), inputs(change))).toEqual({
      changes: true,
      replaces: Object.keys(change),
      deleteBeforeReplace: true,
    });
  });

  test("of credentials is recorded without a connection", async () => {
    const wanted = inputs({ oauth: { clientId: "k456", clientSecret: "new" } });
    expect(tailscaleLoginDriver.diff(DEVICE, outputs(), wanted)).toMatchObject({ changes: true, replaces: [] });
    expect(await tailscaleLoginDriver.update?.(DEVICE, outputs(), wanted)).toEqual({ ...outputs(), ...wanted });
    expect(server.connections()).toBe(0);
  });

  test("of the name is made in place", async () => {
    await tailscaleLoginDriver.update?.(DEVICE, outputs(), inputs({ hostname: "lab-w2" }));
    expect(host.did("tailscale set --hostname=lab-w2")).toBe(true);
    expect(host.did("tailscale up")).toBe(false);
  });
});

describe("refresh", () => {
  test("finds that a device was removed in the admin console, without a connection to the machine", async () => {
    const { nodeId } = service.addDevice("lab-w1");
    const recorded = { ...outputs(), device: nodeId };
    expect(await tailscaleLoginDriver.read?.(nodeId, recorded)).toMatchObject({ id: nodeId, outputs: recorded });
    service.devices.clear();
    expect(await tailscaleLoginDriver.read?.(nodeId, recorded)).toBeUndefined();
    expect(server.connections()).toBe(0);
  });

  test("goes on with a client that is refused: the next up records another one", async () => {
    service.clients.clear();
    expect(await tailscaleLoginDriver.read?.(DEVICE, outputs())).toMatchObject({ id: DEVICE });
    expect(warnings).toEqual([expect.stringContaining("k123 (addons.tailscale.oauth)")]);
  });
});

describe("the end of a login", () => {
  test("logs the machine out and removes its device", async () => {
    const { nodeId } = service.addDevice("lab-w1");
    await tailscaleLoginDriver.delete(nodeId, { ...outputs(), device: nodeId });
    expect(host.did("tailscale logout")).toBe(true);
    expect(service.devices.size).toBe(0);
    expect(warnings).toEqual([]);
  });

  test("tailscale-dup-device / expired OAuth: removes the device of a machine that is gone", async () => {
    const { nodeId } = service.addDevice("lab-w1");
    const node = { ...server.target, connectTimeoutSeconds: 1 };
    await server.close();
    await tailscaleLoginDriver.delete(nodeId, { ...outputs({ node }), device: nodeId });
    expect(service.devices.size).toBe(0);
    expect(warnings).toEqual([expect.stringContaining("leaving the tailnet: skipped")]);
  });

  test("sends nothing to another machine that has the address now", async () => {
    const { nodeId } = service.addDevice("lab-w1");
    const other = generateKeyPair().public.split(" ").slice(0, 2).join(" ");
    expect(other).not.toBe(hostKeys.public);
    await tailscaleLoginDriver.delete(nodeId, {
      ...outputs({ node: { ...server.target, hostKey: other } }),
      device: nodeId,
    });
    expect(host.scripts).toEqual([]);
    expect(service.devices.size).toBe(0);
  });

  test("says that the device stays listed where nothing may remove it", async () => {
    await tailscaleLoginDriver.delete(DEVICE, outputs({ oauth: undefined, authKey: "tskey-auth-own" }));
    expect(warnings).toEqual([expect.stringMatching(/device nMACHINE .*admin console/)]);
  });

  test("passes on what the machine could not tell the service", async () => {
    host.logoutSays = "kept the device: the service could not be told of the logout\n";
    await tailscaleLoginDriver.delete(DEVICE, outputs());
    expect(warnings).toEqual([expect.stringContaining("could not be told of the logout")]);
  });
});

test("tailscaled's status is read after the noise of a login shell; what is none is an error that names the host", () => {
  expect(parseStatus('hello\n{"BackendState": "NeedsLogin", "TailscaleIPs": null, "Self": null}', "w1")).toEqual({
    state: "NeedsLogin",
    device: "",
    addresses: [],
    tags: [],
  });
  expect(() => parseStatus("{nonsense", "w1")).toThrow(/^w1: asking tailscaled for its status failed/);
});

import { readFileSync } from "node:fs";
import { FakeTailnet } from "../../../lab/tailscale/service";
import { Tailnet, type TailnetAccess } from "../../../providers/tailscale/api";
import { type DevicesInputs, tailscaleDevicesDriver } from "../../../providers/tailscale/devices-driver";
import { TailnetError } from "../../../providers/tailscale/errors";

let service: FakeTailnet;
let access: TailnetAccess;
let warnings: string[];

beforeEach(async () => {
  service = await FakeTailnet.start();
  service.clients.set("k123", "tskey-client-c4n4ry");
  access = { clientId: "k123", clientSecret: "tskey-client-c4n4ry", loginServer: service.url };
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});

afterEach(async () => {
  jest.restoreAllMocks();
  await service.stop();
});

const failureOf = async (work: Promise<unknown>): Promise<TailnetError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof TailnetError)) throw new Error(`expected a TailnetError, got ${String(error)}`);
  return error;
};

describe("the tailnet's API", () => {
  test("makes a key with tags that can be deleted again", async () => {
    const tailnet = await Tailnet.open(access);
    const { id, key } = await tailnet.createKey(["tag:a", "tag:b"], "a test");
    expect(service.keys.get(key)).toMatchObject({ id, tags: ["tag:a", "tag:b"] });
    await tailnet.deleteKey(id);
    expect(service.keys.size).toBe(0);
    await expect(tailnet.deleteKey(id)).resolves.toBeUndefined();
  });

  test("removes a device, and takes one that is gone as removed", async () => {
    const { nodeId } = service.addDevice("one");
    const tailnet = await Tailnet.open(access);
    expect(await tailnet.hasDevice(nodeId)).toBe(true);
    await tailnet.removeDevice(nodeId);
    expect(await tailnet.hasDevice(nodeId)).toBe(false);
    await expect(tailnet.removeDevice(nodeId)).resolves.toBeUndefined();
  });

  test("tailscale-dup-device / expired OAuth: an expired OAuth client is named with its setting and what to do, without its secret", async () => {
    service.clients.clear();
    const { kind, message } = await failureOf(Tailnet.open(access));
    expect(kind).toBe("credentials");
    expect(message).toMatch(
      /OAuth client k123 \(addons\.tailscale\.oauth\) failed: .* answered 401 \(API token invalid\)/,
    );
    expect(message).toContain("pulumi config set --path addons.tailscale.oauth.clientId");
    expect(message).not.toContain("c4n4ry");
  });

  test("a service that can't be reached is named by its address", async () => {
    const { url } = service;
    await service.stop();
    const { kind, message } = await failureOf(Tailnet.open(access));
    expect(kind).toBe("unreachable");
    expect(message).toContain(`${url}: connect ECONNREFUSED`);
    service = await FakeTailnet.start();
  });

  test("what the service says is repeated, and a secret in it is not", async () => {
    const error = new TailnetError("refused", access, "trying", "unknown client tskey-client-c4n4ry");
    expect(error.message).toContain("failed: unknown client ….");
    expect((await failureOf((await Tailnet.open(access)).createKey([], "x"))).message).toContain("must have tags set");
  });
});

test("the rights that an OAuth client needs are the same in the error, the settings' page and the how-to", () => {
  const page = (file: string) => readFileSync(file, "utf8").replace(/_/g, "").replace(/\s+/g, " ");
  const texts = {
    error: new TailnetError("credentials", access, "trying", "refused").message,
    settings: page("docs/settings.md"),
    howTo: page("docs/tailscale.md"),
  };
  const rights = Object.entries(texts).map(([where, text]) => [
    where,
    /write access to ([\w ,]+?)(?= \||, (?:and|each) )/.exec(text)?.[1],
  ]);
  const right = "Devices Core, Auth Keys and Services";
  expect(Object.fromEntries(rights)).toEqual({ error: right, settings: right, howTo: right });
});

describe("the devices of a cluster", () => {
  const inputs = (change: Partial<DevicesInputs> = {}): DevicesInputs => ({
    access,
    hostnames: ["lab-operator", "lab-argocd"],
    cluster: "c1",
    ...change,
  });

  test("tailscale-dup-device / expired OAuth: are removed when the cluster goes, so that the next one has the same names", async () => {
    const { outputs } = await tailscaleDevicesDriver.create(inputs());
    service.addDevice("lab-operator");
    service.addDevice("lab-argocd");
    const other = service.addDevice("of-another-cluster");
    await tailscaleDevicesDriver.delete("id", outputs);
    expect([...service.devices.values()]).toEqual([other]);
    expect(warnings).toEqual([]);
  });

  test("tailscale-dup-device / expired OAuth: a device that had the name before is told of, and is not removed", async () => {
    const before = service.addDevice("lab-operator");
    const { outputs } = await tailscaleDevicesDriver.create(inputs());
    expect(warnings).toEqual([expect.stringContaining("there is a device lab-operator already")]);
    service.addDevice("lab-operator");
    await tailscaleDevicesDriver.delete("id", outputs);
    expect([...service.devices.values()]).toEqual([before]);
  });

  test("a page that is added later doesn't take over another's device", async () => {
    const { outputs } = await tailscaleDevicesDriver.create(inputs({ hostnames: ["lab-operator"] }));
    const others = service.addDevice("lab-argocd");
    const updated = await tailscaleDevicesDriver.update?.("id", outputs, inputs());
    await tailscaleDevicesDriver.delete("id", updated ?? outputs);
    expect([...service.devices.values()]).toEqual([others]);
  });

  test("another cluster is other devices: the old ones go first", () => {
    const recorded = { ...inputs(), others: [] };
    expect(tailscaleDevicesDriver.diff("id", recorded, inputs({ cluster: "c2" }))).toEqual({
      changes: true,
      replaces: ["cluster"],
      deleteBeforeReplace: true,
    });
    expect(tailscaleDevicesDriver.diff("id", recorded, inputs()).changes).toBe(false);
  });

  test("tailscale-dup-device / expired OAuth: a refused client stops the installation, and doesn't keep the removal from ending", async () => {
    const { outputs } = await tailscaleDevicesDriver.create(inputs());
    service.clients.clear();
    expect((await failureOf(tailscaleDevicesDriver.create(inputs()))).kind).toBe("credentials");
    await tailscaleDevicesDriver.delete("id", outputs);
    expect(warnings).toEqual([expect.stringMatching(/^removing the devices lab-operator, lab-argocd .*by hand.*k123/)]);
  });
});

import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { dump, load } from "js-yaml";
import { fetchCharts } from "../../components/addons/charts";
import { mergeValues, type Values } from "../../components/addons/values";
import { loadSettings } from "../../settings";
import { madeUpHostKey } from "../../cli/from-empty-settings";
import { CHECKOUT } from "../harness/stacks/lab-settings";
import { freePort } from "../harness/servers/free-port";
import { ProgramFolder, settingsOf } from "./run-program";

const LOCK = path.join("charts", "charts.lock.yaml");
/** What was recorded for other bytes. */
const OTHER = "0".repeat(64);

let folder: ProgramFolder;

const beginning = (preview: boolean) =>
  pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "homelab", "lab", preview);

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  await beginning(false);
});

afterAll(async () => folder.leave());

/** How the lab's program begins that takes its charts from an address. */
async function refusal(url: string, addons: Values = {}, other: Record<string, unknown> = {}): Promise<Error> {
  const config = await settingsOf("lab");
  Object.assign(config, other);
  (config["homelab:mirrors"] as { charts: { url: string } }).charts.url = url;
  config["homelab:addons"] = mergeValues((config["homelab:addons"] ?? {}) as Values, addons);
  const text = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text) as Record<string, string>);
  return fetchCharts(loadSettings()).then(
    () => Promise.reject(new Error("nothing was refused")),
    (error: Error) => error,
  );
}

test("a chart that can't be fetched ends the program by the add-on, the address and the setting", async () => {
  const url = `http://127.0.0.1:${await freePort()}/charts`;
  const error = await refusal(url);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(error.message).toMatch(
    new RegExp(
      `^stack lab: nothing was changed, because of the add-ons' charts\\n  addons.cilium: chart cilium 1\\.20\\.2: fetching it from ${url} failed: .*ECONNREFUSED.*` +
        "Check that the repository can be reached from here; its address is the setting mirrors\\.charts\\.url$",
    ),
  );
});

test("bad-checksum: a chart whose digest differs ends the program by the add-on and both digests", async () => {
  await writeFile(LOCK, dump({ "cilium-1.20.2": { lab: OTHER } }));
  const error = await refusal(folder.charts.url);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(error.message).toContain(`addons.cilium: chart cilium 1.20.2: fetching it from ${folder.charts.url} failed`);
  expect(error.message).toContain(
    `the digest is sha256:${folder.charts.digest}, charts/charts.lock.yaml has sha256:${OTHER}`,
  );
  expect(error.message).toContain("find out why before you change charts/charts.lock.yaml");
  expect(load(await readFile(LOCK, "utf8"))).toEqual({ "cilium-1.20.2": { lab: OTHER } });
});

test("charts-unpinned: metal ends by the add-on and the digest, lab records it, and the upstream digests are shipped", async () => {
  const shipped = load(await readFile(path.join(CHECKOUT, LOCK), "utf8")) as Record<string, Record<string, string>>;
  for (const chart of ["argo-cd-10.1.1", "cilium-1.20.2"]) expect(shipped[chart]?.upstream).toMatch(/^[0-9a-f]{64}$/);
  await rm(LOCK, { force: true });
  const metal = {
    "homelab:ssh": { user: "ubuntu", agent: true },
    "homelab:machines": {
      kind: "metal",
      nodes: [{ name: "cp1", role: "control-plane", address: "192.0.2.1", ssh: { hostKey: madeUpHostKey("cp1") } }],
    },
  };
  const error = await refusal(folder.charts.url, {}, metal);
  expect(error.message).toMatch(
    new RegExp(
      "^stack lab: nothing was changed, because of the add-ons' charts\\n  addons.cilium: chart cilium 1.20.2: no digest of it is known from 'lab' " +
        `.*sha256:${folder.charts.digest}.*accept it in ${LOCK}: under cilium-1.20.2, lab: ${folder.charts.digest}$`,
    ),
  );
  await expect(readFile(LOCK, "utf8")).rejects.toThrow("ENOENT");
  await expect(refusal(folder.charts.url)).rejects.toThrow("nothing was refused");
  expect(load(await readFile(LOCK, "utf8"))).toEqual({ "cilium-1.20.2": { lab: folder.charts.digest } });
  await expect(refusal(folder.charts.url, {}, metal)).rejects.toThrow("nothing was refused");
});

describe("values of Cilium's that Tailscale's operator can't work with", () => {
  const FILE = path.join("charts", "cilium", "values.yaml");
  const tailscale = { enabled: true };
  let kept: string;

  beforeAll(async () => {
    kept = await readFile(FILE, "utf8");
    await rm(LOCK, { force: true });
  });
  afterEach(async () => {
    await writeFile(FILE, kept);
    await beginning(false);
  });

  test.each([
    ["says so", "hostNamespaceOnly: false", false],
    ["says nothing", "enabled: true", false],
    ["says so, in a preview", "hostNamespaceOnly: false", true],
  ])("ends the program by the file and the key where it %s", async (_what, line, preview) => {
    expect(kept).toContain("hostNamespaceOnly: true");
    await writeFile(FILE, kept.replace("hostNamespaceOnly: true", line));
    await beginning(preview);
    const error = await refusal(folder.charts.url, { tailscale });
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.message).toBe(
      "stack lab: nothing was changed, because of the add-ons' charts\n" +
        "  charts/cilium/values.yaml or addons.cilium.values: socketLB.hostNamespaceOnly must be true while addons.tailscale.enabled is true: the operator's proxies get no traffic otherwise. Set addons.cilium.values.socketLB.hostNamespaceOnly: true",
    );
  });

  test.each([[null], [true], [[]], ["on"], [{ hostNamespaceOnly: false }]])(
    "end the program where the settings lay %j over the right value",
    async (socketLB) => {
      const error = await refusal(folder.charts.url, { tailscale, cilium: { values: { socketLB } } });
      expect(error.message).toContain("addons.cilium.values: socketLB.hostNamespaceOnly must be true");
    },
  );

  test("are taken where the settings leave the right value as it is", async () => {
    for (const socketLB of [{}, { enabled: true }, { hostNamespaceOnly: true }]) {
      const cilium = { values: { socketLB } };
      await expect(refusal(folder.charts.url, { tailscale, cilium })).rejects.toThrow("nothing was refused");
    }
  });

  test("are taken without the operator, and where the settings lay the right value over it", async () => {
    await writeFile(FILE, kept.replace("hostNamespaceOnly: true", "hostNamespaceOnly: false"));
    await expect(refusal(folder.charts.url)).rejects.toThrow("nothing was refused");
    const cilium = { values: { socketLB: { hostNamespaceOnly: true } } };
    await expect(refusal(folder.charts.url, { tailscale, cilium })).rejects.toThrow("nothing was refused");
  });

  test("aren't those that the project has", async () => {
    await expect(refusal(folder.charts.url, { tailscale })).rejects.toThrow("nothing was refused");
  });
});

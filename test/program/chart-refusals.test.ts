import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { dump, load } from "js-yaml";
import { fetchCharts } from "../../components/platform/charts";
import { loadSettings } from "../../settings";
import { freePort } from "../harness/free-port";
import { ProgramFolder, settingsOf } from "./run-program";

const LOCK = path.join("charts", "charts.lock.yaml");
/** What was recorded for somebody else's bytes. */
const OTHER = "0".repeat(64);

let folder: ProgramFolder;

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "homelab", "lab");
});

afterAll(async () => folder.leave());

/** How the lab's program begins that takes its charts from an address. */
async function refusal(url: string): Promise<Error> {
  const config = await settingsOf("lab");
  (config["homelab:mirrors"] as { charts: { url: string } }).charts.url = url;
  const text = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text) as Record<string, string>);
  return fetchCharts(loadSettings()).then(
    () => Promise.reject(new Error("the chart was fetched")),
    (error: Error) => error,
  );
}

test("a chart that can't be fetched ends the program by the add-on, the address and the setting", async () => {
  const url = `http://127.0.0.1:${await freePort()}/charts`;
  const error = await refusal(url);
  expect(pulumi.RunError.isInstance(error)).toBe(true);
  expect(error.message).toMatch(
    new RegExp(
      `^stack lab: nothing was changed, because a chart can't be had\\n  addons.cilium: chart cilium 1\\.20\\.2: fetching it from ${url} failed: .*ECONNREFUSED.*` +
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

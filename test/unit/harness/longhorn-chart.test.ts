import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pinsIn } from "../../../cli/charts/sources";
import { serveChart } from "../../harness/servers/chart-repository";
import { longhornChart } from "../../harness/servers/longhorn-chart";
import { upstreamChart } from "../../harness/servers/upstream-chart";

const version = pinsIn("charts").find(({ name }) => name === "longhorn")?.version ?? "";
const given = process.env.CHARTS;

let folder: string;
let said: jest.SpyInstance;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "homelab-longhorn-chart-"));
  delete process.env.CHARTS;
  said = jest.spyOn(process.stderr, "write").mockReturnValue(true);
});

afterEach(() => {
  said.mockRestore();
  if (given !== undefined) process.env.CHARTS = given;
  rmSync(folder, { recursive: true });
});

const output = () => said.mock.calls.flat().join("");

/** The chart, looked for in a repository at another address. */
const from = (url: string, digest?: string, limitSeconds = 30) =>
  longhornChart(folder, (pin, to) => upstreamChart(pin, to, { url, digest, limitSeconds }));

test("Longhorn's own chart is taken from its repository where that can be reached, and the output says so", async () => {
  const repository = await serveChart("longhorn", version, "the chart");
  const chart = await from(repository.url, repository.digest);
  await repository.close();
  expect(chart).toMatchObject({ real: true, version });
  expect(readFileSync(chart.file, "utf8")).toBe("the chart");
  expect(output()).toContain(`Longhorn's own chart ${version}, from its repository`);
});

test("a folder that CHARTS names goes before the repository", async () => {
  const repository = await serveChart("longhorn", version, "the chart");
  const { file } = await from(repository.url);
  process.env.CHARTS = folder;
  repository.requests.length = 0;
  expect(await from(repository.url)).toEqual({ file, real: true, version });
  await repository.close();
  expect(repository.requests).toEqual([]);
});

test("a chart with another digest than the lock file's is not taken, and the output says why", async () => {
  const repository = await serveChart("longhorn", version, "another chart");
  expect((await from(repository.url, "0".repeat(64))).real).toBe(false);
  await repository.close();
  expect(output()).toMatch(/a small chart with the contract of Longhorn's.*the digest is sha256:/);
});

test("a repository that doesn't answer is given up after the limit, without another try", async () => {
  let requests = 0;
  const server = http.createServer(() => requests++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const chart = await from(`http://127.0.0.1:${port}`, undefined, 0.2);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(chart.real).toBe(false);
  expect(requests).toBe(1);
  expect(output()).toContain(`fetching it from http://127.0.0.1:${port} failed`);
});

test("where the repository can't be reached, the small chart is there within a few seconds", async () => {
  const started = Date.now();
  expect((await from("http://127.0.0.1:9", undefined, 4)).real).toBe(false);
  expect((Date.now() - started) / 1000).toBeLessThan(5);
  expect(output()).toContain("CHARTS names no folder");
});

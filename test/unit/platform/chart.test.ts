import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { load } from "js-yaml";
import { parseTarGzip } from "nanotar";
import { fetchChart, previewChart } from "../../../components/addons/chart";
import { WrongChart } from "../../../components/addons/chart-download";
import { type ChartRepository, serveChart } from "../../harness/servers/chart-repository";

let folder: string;
let repository: ChartRepository;
const startedIn = process.cwd();
const LOCK = path.join("charts", "charts.lock.yaml");

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "homelab-chart-"));
  process.chdir(folder);
  repository = await serveChart("demo", "1.2.3", "the chart");
  await mkdir(path.join("charts", "demo"), { recursive: true });
  await pin("1.2.3");
  await writeFile(path.join("charts", "demo", "values.yaml"), "replicas: 2\n");
});

afterEach(async () => {
  process.chdir(startedIn);
  await repository.close();
  await rm(folder, { recursive: true });
});

async function pin(version: string): Promise<void> {
  const dependency = `{ name: demo, version: ${version}, repository: "${repository.url}" }`;
  await writeFile(path.join("charts", "demo", "Chart.yaml"), `dependencies:\n  - ${dependency}\n`);
}

const fetched = (notices: string[] = []) =>
  fetchChart("demo", undefined, { refuse: false, notice: (text) => void notices.push(text) });
const forOwnHosts = {
  refuse: true,
  notice: (text: string) => {
    throw new Error(`it must say nothing, and says: ${text}`);
  },
};

test("the first fetch records the digest and says so; the next opens no connection", async () => {
  const notices: string[] = [];
  const chart = await fetched(notices);
  expect(chart).toEqual({
    name: "demo",
    version: "1.2.3",
    path: `./.homelab/charts/demo-1.2.3-${repository.digest.slice(0, 12)}.tgz`,
    values: { replicas: 2 },
  });
  expect(await readFile(chart.path ?? "", "utf8")).toBe("the chart");
  expect(load(await readFile(LOCK, "utf8"))).toEqual({ "demo-1.2.3": { upstream: repository.digest } });
  expect(notices).toHaveLength(1);

  const requests = repository.requests.length;
  expect(await fetched(notices)).toEqual(chart);
  expect(repository.requests).toHaveLength(requests);
  expect(notices).toHaveLength(1);
});

test("bad-checksum: a chart whose digest is not the recorded one is refused and not kept", async () => {
  await fetched();
  await rm(".homelab", { recursive: true });
  repository.replace("another chart");
  await expect(fetched()).rejects.toBeInstanceOf(WrongChart);
  await expect(fetched()).rejects.toThrow(/chart demo 1\.2\.3: .*the digest is sha256:[0-9a-f]{64}, .* has sha256:/);
  await expect(readFile(path.join(".homelab", "charts", "anything"))).rejects.toThrow("ENOENT");
});

test("truncated-download: a chart is asked for again where the server hangs up, and is kept whole or not at all", async () => {
  repository.cut(2);
  expect(await readFile((await fetched()).path ?? "", "utf8")).toBe("the chart");
  await rm(".homelab", { recursive: true });

  repository.cut(3);
  await expect(fetched()).rejects.toThrow(/chart demo 1\.2\.3: fetching it from .* failed: terminated/);
  await expect(readdir(path.join(".homelab", "charts"))).rejects.toThrow("ENOENT");
});

test("a version that the repository does not have is an error that lists what it has", async () => {
  await pin("9.9.9");
  await expect(fetched()).rejects.toThrow("chart demo 9.9.9: fetching it from");
  await expect(fetched()).rejects.toThrow("it has 1.2.3");
});

test("a repository that is down is an error that names the address and what to do", async () => {
  const { url } = repository;
  await repository.close();
  await expect(fetched()).rejects.toThrow(`fetching it from ${url} failed`);
  await expect(fetched()).rejects.toThrow("mirrors.charts");
});

test("a mirror's chart has a digest of its own in the lock file", async () => {
  await writeFile(LOCK, "# Why this file.\ndemo-1.2.3:\n  upstream: something-else\n");
  await fetchChart("demo", { name: "lab", url: repository.url }, { refuse: false, notice: () => undefined });
  expect(await readFile(LOCK, "utf8")).toMatch(/^# Why this file\.\n/);
  expect(load(await readFile(LOCK, "utf8"))).toEqual({
    "demo-1.2.3": { lab: repository.digest, upstream: "something-else" },
  });
});

test("a preview opens no connection: before the first fetch the path is not known, after it the path is the same", async () => {
  expect(await previewChart("demo", undefined)).toEqual({ name: "demo", version: "1.2.3", values: { replicas: 2 } });
  const chart = await fetched();
  const requests = repository.requests.length;
  expect(await previewChart("demo", undefined)).toEqual(chart);
  expect(await readFile(chart.path ?? "", "utf8")).toBe("the chart");
  expect(repository.requests).toHaveLength(requests);
});

test("a preview on another workstation has the chart's name and version, and an up there still fetches the chart", async () => {
  const chart = await fetched();
  await rm(".homelab", { recursive: true });
  expect(await previewChart("demo", undefined)).toEqual(chart);
  const [metadata] = await parseTarGzip(await readFile(chart.path ?? ""));
  expect(metadata?.name).toBe("demo/Chart.yaml");
  expect(load(metadata?.text ?? "")).toMatchObject({ name: "demo", version: "1.2.3" });

  expect(await fetched()).toEqual(chart);
  expect(await readFile(chart.path ?? "", "utf8")).toBe("the chart");
});

const lines = async () =>
  load(await readFile(LOCK, "utf8").catch(() => "{}")) as Record<string, Record<string, string>>;

test("charts-unpinned: for hosts that are the user's own a chart that no one has compared is refused by name and digest, and not kept", async () => {
  const { url, digest } = repository;
  const refused = fetchChart("demo", undefined, forOwnHosts);
  await expect(refused).rejects.toThrow(
    `chart demo 1.2.3: no digest of it is known from 'upstream' (${url}), and for your own hosts a chart is not taken unseen. ` +
      `What came from there has sha256:${digest}.`,
  );
  await expect(refused).rejects.toThrow(`accept it in ${LOCK}: under demo-1.2.3, upstream: ${digest}`);
  expect(await lines()).toEqual({});
  await expect(readdir(path.join(".homelab", "charts"))).rejects.toThrow("ENOENT");
});

test("charts-unpinned: it is taken after it was accepted in the lock file, by what the refusal says", async () => {
  const refusal = await fetchChart("demo", undefined, forOwnHosts).then(String, String);
  const [, key = "", line = ""] = /under (\S+), (upstream: \w+)$/.exec(refusal) ?? [];
  await writeFile(LOCK, `${key}:\n  ${line}\n`);
  const chart = await fetchChart("demo", undefined, forOwnHosts);
  expect(await readFile(chart.path ?? "", "utf8")).toBe("the chart");
});

test("charts-unpinned: a mirror's chart is taken without a word where it is the one that another source has", async () => {
  await writeFile(LOCK, `demo-1.2.3:\n  upstream: ${repository.digest}\n`);
  const mirror = { name: "home", url: repository.url };
  await fetchChart("demo", mirror, forOwnHosts);
  expect(await lines()).toEqual({ "demo-1.2.3": { home: repository.digest, upstream: repository.digest } });
  repository.replace("another chart");
  await rm(".homelab", { recursive: true });
  await expect(fetchChart("demo", mirror, forOwnHosts)).rejects.toBeInstanceOf(WrongChart);
});

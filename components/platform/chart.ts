import { createHash } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { dump, load } from "js-yaml";
import { createTarGzip } from "nanotar";
import type { MirrorsSettings } from "../../settings";

/** A chart as `charts/<folder>/` pins it. */
interface ChartPin {
  name: string;
  version: string;
  /** URL of the upstream Helm repository. */
  repository: string;
}

/** A chart that is on this computer, of the pinned version and with the digest of the lock file. */
export interface FetchedChart {
  name: string;
  version: string;
  /**
   * Path of the packaged chart, relative to the project. It carries version and digest, so that a changed pin shows as
   * one readable change in a preview, and it is the same on every computer. Left out in a preview before the first fetch:
   * the digest is not known then.
   */
  path?: string;
  /** Content of `charts/<folder>/values.yaml`. */
  values: Record<string, unknown>;
}

/** sha256 of each chart by `<name>-<version>`, then by the name of the repository that it came from. */
type ChartLock = Record<string, Record<string, string>>;

const CACHE = path.join(".homelab", "charts");
const LOCK_FILE = path.join("charts", "charts.lock.yaml");
const FETCH_TIMEOUT_SECONDS = 60;
/** A server that can't be reached, or that hangs up in the middle, is asked so often. */
const FETCH_TRIES = 3;
const FETCH_PAUSE_MS = 500;

/**
 * The pinned chart of `charts/<folder>/`. It is downloaded when the cache has no copy of it, checked against the lock file,
 * and kept. A digest that the lock file does not have yet is recorded there, with a notice, and enforced from then on.
 *
 * @throws Error naming the chart, where it was fetched from, what was wrong and what to do.
 */
export async function fetchChart(
  folder: string,
  mirror: MirrorsSettings["charts"],
  notice: (text: string) => void,
): Promise<FetchedChart> {
  const { pin, source, key, locked } = lookUp(folder, mirror);
  const digest = locked && (await digestOf(cachePath(pin, locked))) === locked ? locked : undefined;
  const fetched = digest ?? (await download(pin, source, locked));
  if (!locked) {
    await recordDigest(key, source.name, fetched);
    notice(
      `${key}: first fetch from '${source.name}' (${source.url}); its digest was recorded in ${LOCK_FILE}: compare and commit it`,
    );
  }
  return { name: pin.name, version: pin.version, path: `./${cachePath(pin, fetched)}`, values: readValues(folder) };
}

/**
 * The chart as far as a preview needs it, without a connection: in a pull request nothing of this has been fetched.
 * The Kubernetes provider opens the chart to read its version, so an archive that says no more than that takes the place of one
 * that isn't there; `fetchChart` doesn't take it for the chart, because its digest is another.
 */
export async function previewChart(folder: string, mirror: MirrorsSettings["charts"]): Promise<FetchedChart> {
  const { pin, locked } = lookUp(folder, mirror);
  const chart = { name: pin.name, version: pin.version, values: readValues(folder) };
  if (!locked) return chart;
  const file = cachePath(pin, locked);
  if (!existsSync(file)) {
    const metadata = dump({ apiVersion: "v2", name: pin.name, version: pin.version });
    await keep(file, await createTarGzip([{ name: `${pin.name}/Chart.yaml`, data: metadata }]));
  }
  return { ...chart, path: `./${file}` };
}

function lookUp(folder: string, mirror: MirrorsSettings["charts"]) {
  const pin = readPin(folder);
  const source = mirror ? { name: mirror.name, url: mirror.url } : { name: "upstream", url: pin.repository };
  const key = `${pin.name}-${pin.version}`;
  return { pin, source, key, locked: readLock()[key]?.[source.name] };
}

/** Downloads into the cache and answers the digest. */
async function download(pin: ChartPin, source: { url: string }, expected: string | undefined): Promise<string> {
  const failed = (why: string, next: string) =>
    new Error(`chart ${pin.name} ${pin.version}: fetching it from ${source.url} failed: ${why}. ${next}`);
  const fetchText = async (url: string) => Buffer.from(await fetchBytes(url, failed)).toString("utf8");

  const index = load(await fetchText(`${source.url}/index.yaml`)) as {
    entries?: Record<string, { version: string; urls: string[] }[]>;
  };
  const entry = index.entries?.[pin.name]?.find((candidate) => candidate.version.replace(/^v/, "") === pin.version);
  const url = entry?.urls[0];
  if (!url) {
    const served = index.entries?.[pin.name]?.map((candidate) => candidate.version).join(", ") ?? "none";
    throw failed(
      `the repository has no such version (it has ${served})`,
      `Mend the pin in charts/${pin.name}/Chart.yaml.`,
    );
  }

  const bytes = await fetchBytes(new URL(url, `${source.url}/`).toString(), failed);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (expected && digest !== expected) {
    throw failed(
      `the digest is sha256:${digest}, ${LOCK_FILE} has sha256:${expected}`,
      "The chart was changed after it was recorded: find out why before you change the lock file.",
    );
  }
  await keep(cachePath(pin, digest), bytes);
  return digest;
}

async function digestOf(file: string): Promise<string | undefined> {
  return existsSync(file)
    ? createHash("sha256")
        .update(await readFile(file))
        .digest("hex")
    : undefined;
}

async function keep(file: string, bytes: Uint8Array): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.partial`;
  await writeFile(partial, bytes);
  await rename(partial, file);
}

async function fetchBytes(url: string, failed: (why: string, next: string) => Error): Promise<Uint8Array> {
  const next = "Check that the repository can be reached from here, or point mirrors.charts at one that can.";
  for (let tries = 1; ; tries++) {
    const { answer, error } = await ask(url).then(
      (whole) => ({ answer: whole, error: undefined }),
      (reason: Error & { cause?: Error }) => ({ answer: undefined, error: reason }),
    );
    if (answer?.bytes) return answer.bytes;
    if (answer) throw failed(`${url} answered ${answer.status}`, next);
    if (tries === FETCH_TRIES || error.name === "TimeoutError") {
      throw failed(error.cause ? `${error.message} (${error.cause.message})` : error.message, next);
    }
    await sleep(FETCH_PAUSE_MS);
  }
}

/** What the server answers, whole. Throws where the network fails, in the middle too. */
async function ask(url: string): Promise<{ status: string; bytes?: Uint8Array }> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_SECONDS * 1000) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: `${response.status} ${response.statusText}`, bytes: response.ok ? bytes : undefined };
}

function cachePath(pin: ChartPin, digest: string): string {
  return path.join(CACHE, `${pin.name}-${pin.version}-${digest.slice(0, 12)}.tgz`);
}

function readPin(folder: string): ChartPin {
  const file = path.join("charts", folder, "Chart.yaml");
  const chart = load(readFileSync(file, "utf8")) as { dependencies?: ChartPin[] };
  const pin = chart.dependencies?.[0];
  if (!pin) throw new Error(`${file}: dependencies[0] must pin the upstream chart (name, version, repository)`);
  return pin;
}

function readValues(folder: string): Record<string, unknown> {
  return (load(readFileSync(path.join("charts", folder, "values.yaml"), "utf8")) ?? {}) as Record<string, unknown>;
}

function readLock(): ChartLock {
  return existsSync(LOCK_FILE) ? ((load(readFileSync(LOCK_FILE, "utf8")) ?? {}) as ChartLock) : {};
}

async function recordDigest(key: string, source: string, digest: string): Promise<void> {
  const lock = readLock();
  lock[key] = { ...lock[key], [source]: digest };
  const header = existsSync(LOCK_FILE) ? ((await readFile(LOCK_FILE, "utf8")).match(/^(#.*\n)*/)?.[0] ?? "") : "";
  await writeFile(LOCK_FILE, header + dump(lock, { sortKeys: true }));
}

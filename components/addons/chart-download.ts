import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "js-yaml";
import { LOCK_FILE } from "./chart-lock";

/** Which chart, and from where. */
export interface ChartOrigin {
  /** Of `charts/<folder>/`. */
  folder: string;
  name: string;
  version: string;
  /** URL of the Helm repository. */
  url: string;
  /** The setting that says so; without one it is the pin itself. */
  setting?: string;
}

interface Entry {
  version: string;
  urls?: string[];
}

const FETCH_TIMEOUT_SECONDS = 60;
/** A server that can't be reached, or that hangs up in the middle, is asked so often. */
const FETCH_TRIES = 3;
const FETCH_PAUSE_MS = 500;

/** The repository answers, and has another chart than the one that is pinned. */
export class WrongChart extends Error {}

/**
 * A packaged chart and its sha256.
 *
 * @param expected sha256 that the lock file has; without one any is taken
 * @param within ends it when it is aborted, whatever it is doing
 * @throws Error naming the chart, where it was fetched from, what was wrong and what to do
 */
export async function downloadChart(
  origin: ChartOrigin,
  expected: string | undefined,
  within?: AbortSignal,
): Promise<{ bytes: Uint8Array; digest: string }> {
  const url = await chartUrl(origin, within);
  const bytes = await fetchBytes(url, origin, within);
  const digest = createHash("sha256").update(bytes).digest("hex");
  if (expected && digest !== expected) {
    throw wrong(
      origin,
      `the digest is sha256:${digest}, ${LOCK_FILE} has sha256:${expected}`,
      `The chart was changed after it was recorded: find out why before you change ${LOCK_FILE}`,
    );
  }
  return { bytes, digest };
}

/** Where the repository's index has the pinned version. */
async function chartUrl(origin: ChartOrigin, within?: AbortSignal): Promise<string> {
  const { folder, name, version, url } = origin;
  const entries = readIndex(await fetchBytes(`${url}/index.yaml`, origin, within), origin)[name] ?? [];
  const entry = entries.find((candidate) => candidate.version.replace(/^v/, "") === version);
  const found = entry?.urls?.[0];
  if (found) return new URL(found, `${url}/`).toString();
  const served = entries.map((candidate) => candidate.version).join(", ") || "none";
  throw wrong(
    origin,
    `the repository has no such version (it has ${served})`,
    `Correct the pin in charts/${folder}/Chart.yaml${origin.setting ? `, or ${origin.setting}` : ""}`,
  );
}

function readIndex(bytes: Uint8Array, origin: ChartOrigin): Record<string, Entry[]> {
  try {
    const { entries } = load(Buffer.from(bytes).toString("utf8")) as { entries: Record<string, Entry[]> };
    if (typeof entries === "object") return entries;
  } catch {
    // Not even YAML: a login page, for example.
  }
  throw failed(origin, `${origin.url}/index.yaml is no index of a Helm repository`, whereFrom(origin));
}

async function fetchBytes(url: string, origin: ChartOrigin, within?: AbortSignal): Promise<Uint8Array> {
  for (let tries = 1; ; tries++) {
    const { answer, error } = await ask(url, within).then(
      (whole) => ({ answer: whole, error: undefined }),
      (reason: Error & { cause?: Error }) => ({ answer: undefined, error: reason }),
    );
    if (answer?.bytes) return answer.bytes;
    if (answer) throw failed(origin, `${url} answered ${answer.status}`, whereFrom(origin));
    if (tries === FETCH_TRIES || error.name === "TimeoutError" || within?.aborted) {
      const why = error.cause ? `${error.message} (${error.cause.message})` : error.message;
      throw failed(origin, why, whereFrom(origin));
    }
    await sleep(FETCH_PAUSE_MS);
  }
}

/** What the server answers, whole. Throws where the network fails, in the middle too. */
async function ask(url: string, within?: AbortSignal): Promise<{ status: string; bytes?: Uint8Array }> {
  const signals = [AbortSignal.timeout(FETCH_TIMEOUT_SECONDS * 1000), ...(within ? [within] : [])];
  const response = await fetch(url, { signal: AbortSignal.any(signals) });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { status: `${response.status} ${response.statusText}`, bytes: response.ok ? bytes : undefined };
}

function whereFrom({ setting }: ChartOrigin): string {
  return setting
    ? `Check that the repository can be reached from here; its address is the setting ${setting}`
    : "Check that the repository can be reached from here, or point the setting mirrors.charts at one that can";
}

function failed(origin: ChartOrigin, problem: string, action: string): Error {
  return new Error(message(origin, problem, action));
}

function wrong(origin: ChartOrigin, problem: string, action: string): WrongChart {
  return new WrongChart(message(origin, problem, action));
}

/** A chart that may be the right one, and whose digest was not compared yet. */
export function unknownChart({ name, version, url }: ChartOrigin, repository: string, digest: string): Error {
  return new Error(
    `chart ${name} ${version}: no digest of it is known from '${repository}' (${url}), and for your own hosts a chart is not taken unseen. ` +
      `What came from there has sha256:${digest}. Compare that with what the chart's project publishes, or with what another ` +
      `network gets, and accept it in ${LOCK_FILE}: under ${name}-${version}, ${repository}: ${digest}`,
  );
}

function message({ name, version, url }: ChartOrigin, problem: string, action: string): string {
  return `chart ${name} ${version}: fetching it from ${url} failed: ${problem}. ${action}`;
}

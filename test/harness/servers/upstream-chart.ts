import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { load } from "js-yaml";
import { downloadChart } from "../../../components/addons/chart-download";
import { LOCK_FILE } from "../../../components/addons/chart-lock";
import type { Found, Pin } from "../../../cli/charts/sources";
import { CHECKOUT } from "../stacks/lab-settings";

/** A test that can do without the chart waits so long for it, in seconds. */
const LIMIT_SECONDS = 30;
/** Set where tests may fetch charts: without it no test depends on a network. CI sets it. */
const ALLOWED = "HOMELAB_UPSTREAM_CHARTS";

/** How it is tried in a test of its own. */
interface Origin {
  /** URL of the Helm repository, in place of the pin's. */
  url: string;
  /** sha256, in place of the lock file's. */
  digest?: string;
  limitSeconds: number;
}

/** The pinned chart from its repository, with the digest of the lock file, written to the folder; or why it can't be had. */
export async function upstreamChart(pin: Pin, folder: string, origin?: Origin): Promise<Found> {
  if (!origin && !process.env[ALLOWED]) return { problem: `${ALLOWED}=1 is not set, which lets tests fetch charts` };
  const { url, digest, limitSeconds } = origin ?? pinned(pin);
  const { name, version } = pin;
  const file = path.join(folder, `${name}-${version}.tgz`);
  try {
    const within = AbortSignal.timeout(limitSeconds * 1000);
    const { bytes } = await downloadChart({ folder: pin.folder, name, version, url }, digest, within);
    await writeFile(file, bytes);
    return { file, source: "its repository" };
  } catch (error) {
    return { problem: `it could not be fetched: ${(error as Error).message}` };
  }
}

function pinned({ folder, name, version }: Pin): Origin {
  const read = (file: string) => load(readFileSync(path.join(CHECKOUT, file), "utf8"));
  const { dependencies } = read(`charts/${folder}/Chart.yaml`) as {
    dependencies: { name: string; repository: string }[];
  };
  const lock = (read(LOCK_FILE) ?? {}) as Record<string, Record<string, string>>;
  const url = dependencies.find((one) => one.name === name)?.repository ?? "";
  return { url, digest: lock[`${name}-${version}`]?.upstream, limitSeconds: LIMIT_SECONDS };
}

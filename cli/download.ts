import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { cached } from "../lab/build/cache";
import { cacheRoot, openCache } from "../lab/build/cache-folder";
import { labVersions } from "../lab/build/versions";
import { must } from "../lab/run-program";

/** Where Pulumi publishes its releases. */
const RELEASES = "https://get.pulumi.com/releases/sdk";

/** How long the server may take to answer, and the whole download, in milliseconds. */
const ANSWER_MS = 20_000;
const DOWNLOAD_MS = 300_000;

/**
 * Downloads the released Pulumi CLI into the cache, at the version that is built otherwise; tried once, later runs believe
 * the answer until `make clean-cache`. Answers its folder, or `undefined` where it can't be had. Its origin is proved by TLS
 * alone, as with Pulumi's own installer.
 */
export async function downloadCli(releases = RELEASES): Promise<string | undefined> {
  const version = labVersions.pulumi;
  const folder = path.join(cacheRoot(), "released-cli", version);
  if (fs.existsSync(folder)) return folder;
  const tried = path.join(cacheRoot(), `tried-released-cli-${version}`);
  if (fs.existsSync(tried)) return undefined;
  const aborter = new AbortController();
  const limit = setTimeout(() => aborter.abort(), DOWNLOAD_MS);
  try {
    const platform = os.platform() === "darwin" ? "darwin" : "linux";
    const archive = await open(`${releases}/pulumi-v${version}-${platform}-${os.arch()}.tar.gz`, aborter);
    return await cached("released-cli", version, (unfinished) => unpack(archive, unfinished));
  } catch {
    openCache();
    fs.writeFileSync(tried, "");
    return undefined;
  } finally {
    clearTimeout(limit);
  }
}

/** Opens a download. */
async function open(url: string, aborter: AbortController): Promise<Response> {
  const limit = setTimeout(() => aborter.abort(), ANSWER_MS);
  try {
    const response = await fetch(url, { signal: aborter.signal });
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
    return response;
  } finally {
    clearTimeout(limit);
  }
}

/** The archive holds one folder, `pulumi`, with the CLI and its other programs. */
async function unpack(archive: Response, folder: string): Promise<void> {
  const file = path.join(folder, "archive.tar.gz");
  await pipeline(Readable.fromWeb(archive.body as ReadableStream), fs.createWriteStream(file));
  await must("unpacking the Pulumi CLI", "tar", ["-xzf", file, "-C", folder, "--strip-components=1"]);
  fs.rmSync(file);
  await must("running the downloaded Pulumi CLI", path.join(folder, "pulumi"), ["version"]);
}

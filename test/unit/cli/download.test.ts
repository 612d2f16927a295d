import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { downloadCli } from "../../../cli/download";
import { cacheRoot } from "../../../lab/build/cache-folder";

let folder: string;
let server: http.Server;
let asked: string[];
/** What the server sends; it answers 404 where there is nothing. */
let archive: Buffer | undefined;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "download-"));
  process.env.HOMELAB_LAB_CACHE = path.join(folder, "cache");
  asked = [];
  archive = undefined;
  server = http.createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(archive ? 200 : 404).end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(async () => {
  delete process.env.HOMELAB_LAB_CACHE;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  fs.rmSync(folder, { recursive: true });
});

const releases = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

async function pack(script: string): Promise<Buffer> {
  const source = path.join(folder, "source", "pulumi");
  fs.mkdirSync(source, { recursive: true });
  fs.writeFileSync(path.join(source, "pulumi"), script, { mode: 0o755 });
  await execa("tar", ["-czf", path.join(folder, "made.tar.gz"), "-C", path.dirname(source), "pulumi"]);
  return fs.readFileSync(path.join(folder, "made.tar.gz"));
}

test("a release that can be had is downloaded once, and found again", async () => {
  archive = await pack("#!/bin/sh\necho v3\n");
  const found = await downloadCli(releases());
  expect(fs.readdirSync(found ?? "")).toEqual(["pulumi"]);
  await expect(downloadCli(releases())).resolves.toBe(found);
  expect(asked).toEqual([expect.stringMatching(/^\/pulumi-v3\.\d+\.\d+-(linux|darwin)-\w+\.tar\.gz$/)]);
});

test("a release that can't be had is asked for once", async () => {
  await expect(downloadCli(releases())).resolves.toBeUndefined();
  await expect(downloadCli(releases())).resolves.toBeUndefined();
  expect(asked).toHaveLength(1);
});

test.each([
  ["no archive", async () => Buffer.from("<html>log in first</html>")],
  ["a program that does not run here", () => pack("#!/no/such/interpreter\n")],
])("%s is not taken for a release", async (_what, make) => {
  archive = await make();
  await expect(downloadCli(releases())).resolves.toBeUndefined();
  expect(fs.existsSync(path.join(cacheRoot(), "released-cli"))).toBe(false);
});

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { withBuildLock } from "../../../lab/build/lock";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-lock-"));
  process.env.HOMELAB_LAB_CACHE = folder;
});

afterEach(() => {
  delete process.env.HOMELAB_LAB_CACHE;
  fs.rmSync(folder, { recursive: true });
});

/** Another process that takes the lock and keeps it until it is killed. */
async function otherBuild(): Promise<ChildProcess> {
  const lock = path.resolve(__dirname, "../../../lab/build/lock.ts");
  const program = `require(${JSON.stringify(lock)}).withBuildLock("building etcd", () => {}, () => {
    process.stdout.write("held"); return new Promise(() => setInterval(() => {}, 1000)); });`;
  const child = spawn(process.execPath, ["--require", "tsx/cjs", "-e", program], {
    cwd: path.resolve(__dirname, "../../.."),
    // Jest gives tests a copy of the environment; a child would get the original.
    env: { ...process.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

it("A build waits for another one, says which, and goes on when that one is killed", async () => {
  const other = await otherBuild();
  const said: string[] = [];
  const waiting = withBuildLock(
    "building coredns",
    (line) => {
      said.push(line);
      other.kill("SIGKILL");
    },
    async () => "built",
  );
  await expect(waiting).resolves.toBe("built");
  expect(said).toEqual([expect.stringMatching(new RegExp(`process ${other.pid}, building etcd, since `))]);
});

it("A build that failed lets the next one in at once", async () => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const failing = withBuildLock("building etcd", say, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
  await withBuildLock("building etcd", say, async () => undefined);
  expect(said).toEqual([]);
});

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { workingRun, readLocks } from "../../../cli/killed-run";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "locks-"));
});

afterEach(() => fs.rmSync(folder, { recursive: true }));

function lock(pid: number, hostname = os.hostname()): void {
  const text = JSON.stringify({ pid, username: "me", hostname, timestamp: "2026-01-02T03:04:05Z" });
  fs.writeFileSync(path.join(folder, `${pid}.json`), text);
  // The backend writes attributes beside each file.
  fs.writeFileSync(path.join(folder, `${pid}.json.attrs`), "{}");
}

test("a stack that no run changes has no lock", () => {
  expect(readLocks(path.join(folder, "none"))).toEqual([]);
});

test("a lock of a process that is gone holds up no run", () => {
  lock(2 ** 22 + 1);
  expect(readLocks(folder)).toHaveLength(1);
  expect(workingRun(readLocks(folder))).toBeUndefined();
});

test("a process id that now belongs to another program holds up no run", () => {
  lock(process.pid);
  expect(workingRun(readLocks(folder))).toBeUndefined();
});

test("a run on another workstation may still be at work", () => {
  lock(2 ** 22 + 1, "another");
  expect(workingRun(readLocks(folder))).toMatchObject({ hostname: "another" });
});

test("a Pulumi process holds its lock", () => {
  lock(4711);
  expect(workingRun(readLocks(folder), (pid) => pid === 4711)).toMatchObject({ pid: 4711 });
});

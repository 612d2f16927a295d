import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { ensureMirrorRunning, runningMirror, stopMirror } from "../../../lab/mirror-service";
import { freePort } from "../../harness/servers/free-port";

/** Stands for the server at the process boundary: it answers /healthz with the root it was given. */
const server = `#!${process.execPath}
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
if (value("--root").endsWith("broken")) { console.error("no such root"); process.exit(1); }
const [host, port] = value("--listen").split(":");
require("http").createServer((_, answer) => answer.end(JSON.stringify({ root: value("--root"), pid: process.pid }))).listen(port, host);
`;

let runDir: string;
let listen: string[];
const program = async (): Promise<string> => path.join(runDir, "homelab-mirror");
const pid = (): number | undefined => runningMirror(runDir)?.pid;

beforeEach(async () => {
  runDir = fs.mkdtempSync(path.join(os.tmpdir(), "mirror-"));
  fs.writeFileSync(await program(), server, { mode: 0o755 });
  listen = [`127.0.0.1:${await freePort()}`];
});

afterEach(async () => {
  await stopMirror(runDir);
  fs.rmSync(runDir, { recursive: true });
});

test("a running mirror with the same root is left alone", async () => {
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  const first = pid();
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  expect(first).toEqual(expect.any(Number));
  expect(pid()).toBe(first);
});

test("a mirror with another root is replaced", async () => {
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  const first = pid();
  await ensureMirrorRunning({ root: "/two", listen, runDir }, program);
  expect(pid()).not.toBe(first);
  const answer = await fetch(`http://${listen[0]}/healthz`);
  expect(await answer.json()).toMatchObject({ root: "/two" });
});

test("a mirror that died is started again", async () => {
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  process.kill(pid() as number, "SIGKILL");
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  expect((await fetch(`http://${listen[0]}/healthz`)).status).toBe(200);
});

test("stopping ends the mirror and forgets it", async () => {
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  await stopMirror(runDir);
  await expect(fetch(`http://${listen[0]}/healthz`)).rejects.toThrow();
  expect(fs.existsSync(path.join(runDir, "mirror.pid"))).toBe(false);
});

test("a process that got the mirror's old id is not ended", async () => {
  const other = spawn("sleep", ["60"]);
  try {
    fs.writeFileSync(path.join(runDir, "mirror.pid"), `${other.pid}\n`);
    await stopMirror(runDir);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
  } finally {
    other.kill();
  }
});

test("a mirror that can't start is reported with the end of its log", async () => {
  const failure = ensureMirrorRunning({ root: "/broken", listen, runDir }, program);
  await expect(failure).rejects.toMatchObject({ action: expect.stringContaining("no such root") as string });
});

test("a mirror of another run folder with the same root is used, and not ended with this one's", async () => {
  const other = fs.mkdtempSync(path.join(os.tmpdir(), "mirror-"));
  try {
    await ensureMirrorRunning({ root: "/one", listen, runDir: other }, program);
    await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
    await stopMirror(runDir);
    expect((await fetch(`http://${listen[0]}/healthz`)).status).toBe(200);
  } finally {
    await stopMirror(other);
    fs.rmSync(other, { recursive: true });
  }
});

test("a port that another mirror holds is reported, and that mirror is left alone", async () => {
  const other = fs.mkdtempSync(path.join(os.tmpdir(), "mirror-"));
  try {
    await ensureMirrorRunning({ root: "/other", listen, runDir: other }, program);
    const failure = ensureMirrorRunning({ root: "/one", listen, runDir }, program);
    await expect(failure).rejects.toThrow(
      `${listen[0]} is taken: process ${runningMirror(other)?.pid} serves /other there`,
    );
    expect(runningMirror(other)).toBeDefined();
  } finally {
    await stopMirror(other);
    fs.rmSync(other, { recursive: true });
  }
});

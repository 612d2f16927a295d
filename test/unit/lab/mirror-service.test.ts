import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { listenersIn } from "../../../lab/listeners";
import { ensureMirrorRunning, runningMirror, stopMirror } from "../../../lab/mirror-service";
import { freePort } from "../../harness/servers/free-port";

/** Stands for the server at the process boundary: it answers /healthz with the root it was given. */
const server = `#!${process.execPath}
const value = (name) => process.argv[process.argv.indexOf(name) + 1];
if (value("--root").endsWith("broken")) { console.error("no such root"); process.exit(1); }
for (const address of process.argv.filter((_, index) => process.argv[index - 1] === "--listen")) {
  const [host, port] = address.split(":");
  const server = require("http").createServer((_, answer) => answer.end(JSON.stringify({ root: value("--root"), pid: process.pid })));
  server.on("error", (error) => { console.error(error.message); process.exit(1); }).listen(port, host);
}
`;

/** Each starts programs, beside tests that use all cores. */
jest.setTimeout(60_000);

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

/** A process of another user that serves what it likes at an address, and says of itself what the mirror would. */
async function impostor(address: string, root: string): Promise<ChildProcess> {
  const [host, port] = address.split(":");
  const program = `require("http").createServer((_, answer) => answer.end(JSON.stringify({ root: ${JSON.stringify(root)} })))
    .listen(${port}, ${JSON.stringify(host)}, () => process.stdout.write("listens"))`;
  const child = spawn(process.execPath, ["-e", program], {
    uid: 65534,
    gid: 65534,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout as NodeJS.ReadableStream, "data");
  return child;
}

const asRoot = process.getuid?.() === 0 ? test : test.skip;
const WHY = "(skipped without root: only root can be another user)";

asRoot.each([
  ["at its first address", (port: string) => `127.0.0.1:${port}`],
  ["at its second address alone", (port: string) => `127.0.0.2:${port}`],
  ["at all addresses", (port: string) => `0.0.0.0:${port}`],
])(`mirror-impostor: another user's server %s is refused, whatever it says, and is not ended ${WHY}`, async (_, at) => {
  const port = listen[0]?.split(":")[1] ?? "";
  listen = [`127.0.0.1:${port}`, `127.0.0.2:${port}`];
  const other = await impostor(at(port), "/one");
  try {
    const failure = ensureMirrorRunning({ root: "/one", listen, runDir }, program);
    await expect(failure).rejects.toThrow(
      `:${port} is taken by a process of another user (id 65534), and what it serves would run as root in the lab's machines`,
    );
    expect([other.exitCode, other.signalCode]).toEqual([null, null]);
    expect(runningMirror(runDir)).toBeUndefined();
  } finally {
    other.kill();
    await once(other, "exit");
  }
  await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
  expect(await (await fetch(`http://${listen[1]}/healthz`)).json()).toMatchObject({ root: "/one" });
});

asRoot(
  `mirror-impostor: a server of another user beside a running mirror is noticed by the next run ${WHY}`,
  async () => {
    await ensureMirrorRunning({ root: "/one", listen, runDir }, program);
    const second = `127.0.0.2:${listen[0]?.split(":")[1]}`;
    const other = await impostor(second, "/one");
    try {
      const failure = ensureMirrorRunning({ root: "/one", listen: [...listen, second], runDir }, program);
      await expect(failure).rejects.toThrow(`${second} is taken by a process of another user (id 65534)`);
    } finally {
      other.kill();
      await once(other, "exit");
    }
  },
);

test("mirror-impostor: sockets are read as Linux writes them", () => {
  const row = (local: string, state: string, uid: number) =>
    `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 1 1`;
  const text = [
    "  sl  local_address …",
    row("0100007F:13D8", "0A", 1001),
    row("01005A0A:13D8", "01", 0),
    row("0000000000000000FFFF00000200007F:0016", "0A", 0),
  ].join("\n");
  expect(listenersIn(text)).toEqual([
    { address: "127.0.0.1", port: 5080, uid: 1001 },
    { address: "127.0.0.2", port: 22, uid: 0 },
  ]);
});

import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { OpenSSHAgent, type ParsedKey, utils } from "ssh2";
import { agentWithOneKey } from "../../../providers/host/ssh/agent";
import { serveAgent } from "../../../providers/host/ssh/agent-server";
import { generateKeyPair, type KeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { startAgent, type TestAgent } from "./in-process-agent";

const ABOUT = { host: "node1", doing: "working" };
const keys = [generateKeyPair("first"), generateKeyPair("second")];
const chosen = keys[1] as KeyPair;
const other = keys[0] as KeyPair;

let folder: string;
let agent: TestAgent;
let socket: string;
const closing: (() => void)[] = [];
const before = process.env.SSH_AUTH_SOCK;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "agent-"));
  process.env.SSH_AUTH_SOCK = path.join(folder, "real");
  agent = await startAgent(process.env.SSH_AUTH_SOCK, keys);
  socket = path.join(folder, "own", "one.sock");
});
afterEach(async () => {
  closing.splice(0).forEach((close) => close());
  await agent.close();
  if (before === undefined) delete process.env.SSH_AUTH_SOCK;
  else process.env.SSH_AUTH_SOCK = before;
  await rm(folder, { recursive: true });
});

async function serve(failed: (error: Error) => void = () => undefined): Promise<void> {
  closing.push(await serveAgent(socket, () => agentWithOneKey({ publicKey: chosen.public }, ABOUT), failed));
}

function listed(): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    new OpenSSHAgent(socket).getIdentities((error, found) => (error ? reject(error) : resolve(found as ParsedKey[])));
  });
}

function signature(pair: KeyPair): Promise<Buffer> {
  const key = utils.parseKey(pair.public);
  if (key instanceof Error) throw key;
  return new Promise((resolve, reject) => {
    new OpenSSHAgent(socket).sign(key, Buffer.from("text"), {}, (error, made) => {
      if (error || !made) reject(error ?? new Error("nothing"));
      else resolve(made);
    });
  });
}

test("lists the chosen key alone, and signs with it", async () => {
  await serve();
  const found = await listed();
  expect(found.map((key) => key.getPublicSSH().toString("base64"))).toEqual([chosen.public.split(" ")[1]]);
  expect(found[0]?.verify(Buffer.from("text"), await signature(chosen))).toBe(true);
});

test("does not sign with a key that it does not show", async () => {
  await serve();
  await expect(signature(other)).rejects.toThrow("failure");
});

test("only its owner reaches it, even where the folder was open to others", async () => {
  await serve();
  closing.splice(0).forEach((close) => close());
  await chmod(path.dirname(socket), 0o755);
  await serve();
  expect((await stat(socket)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(socket))).mode & 0o777).toBe(0o700);
});

test("takes the place of a socket that a killed run left behind", async () => {
  await serve();
  const program = `require("net").createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, "SIGKILL"))`;
  closing.splice(0).forEach((close) => close());
  await promisify(execFile)(process.execPath, ["-e", program]).catch(() => undefined);
  await expect(listed()).rejects.toThrow();
  await serve();
  await expect(listed()).resolves.toHaveLength(1);
});

test("an agent that is gone is told, and asked again by the next one who comes", async () => {
  const told: string[] = [];
  await serve((error) => told.push(error.message));
  await agent.close();
  await expect(listed()).rejects.toThrow("failure");
  expect(told.join("\n")).toContain("SSH_AUTH_SOCK");
  await rm(path.join(folder, "real"), { force: true });
  agent = await startAgent(path.join(folder, "real"), keys);
  await expect(listed()).resolves.toHaveLength(1);
});

test("does not keep the process alive, not even with a connection that is open", async () => {
  const program = `
    require("tsx/cjs");
    const { serveAgent } = require(${JSON.stringify(path.resolve(__dirname, "../../../providers/host/ssh/agent-server"))});
    const open = () => {
      const connection = require("net").connect(${JSON.stringify(socket)}, () => connection.unref());
    };
    serveAgent(${JSON.stringify(socket)}, () => Promise.reject(new Error("none")), () => undefined).then(open);`;
  await promisify(execFile)(process.execPath, ["-e", program], {
    timeout: 20_000,
    cwd: path.resolve(__dirname, "../../.."),
  });
});

test("an agent is not asked before a login", async () => {
  await serve();
  expect(agent.asked()).toBe(0);
});

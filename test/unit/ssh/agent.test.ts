import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { utils } from "ssh2";
import { withSsh } from "../../../providers/host/ssh/connect";
import { fingerprint, parseHostKey } from "../../../providers/host/ssh/host-key";
import type { SshTarget } from "../../../providers/host/ssh/target";
import { generateKeyPair, type KeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { failure } from "./failure";
import { startAgent, type TestAgent } from "./in-process-agent";
import { startServer, type TestServer } from "./in-process-server";
import { hello } from "./servers-of-test";

const LIMITS = { timeoutSeconds: 5 };
/** More than the six logins that a server allows. */
const keys = Array.from({ length: 8 }, (_, index) => generateKeyPair(`key ${index}`));
const last = keys[7] as KeyPair;

let folder: string;
let agent: TestAgent | undefined;
let server: TestServer;
const before = process.env.SSH_AUTH_SOCK;

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "agent-"));
  server = await startServer({ answer: hello, lets: last.public });
});
afterEach(async () => {
  await Promise.all([agent?.close(), server.close()]);
  agent = undefined;
  if (before === undefined) delete process.env.SSH_AUTH_SOCK;
  else process.env.SSH_AUTH_SOCK = before;
  await rm(folder, { recursive: true });
});

async function withAgent(held: KeyPair[], options?: { locked?: boolean }): Promise<void> {
  process.env.SSH_AUTH_SOCK = path.join(folder, "socket");
  agent = await startAgent(process.env.SSH_AUTH_SOCK, held, options);
}

function target(publicKey?: string): SshTarget {
  return { ...server.target, privateKey: undefined, agent: publicKey === undefined ? {} : { publicKey } };
}

const offered = (): Set<string | undefined> => new Set(server.logins.map(({ key }) => key));
const base64 = (pair: KeyPair): string => pair.public.split(" ")[1] ?? "";
const print = (pair: KeyPair): string => fingerprint(parseHostKey(pair.public));

test("ssh-agent-many-keys: of eight keys only the chosen one is offered, and it logs in", async () => {
  await withAgent(keys);
  const result = await withSsh(target(last.public), LIMITS, "greeting", (s) => s.run("greet", { timeoutSeconds: 5 }));
  expect(result.stdout).toBe("hello\n");
  expect(offered()).toEqual(new Set([base64(last)]));
  expect(server.logins.filter(({ signed }) => signed)).toHaveLength(1);
});

test("the agent's only key needs not be chosen, and the comment of a chosen one does not count", async () => {
  await withAgent([last]);
  await expect(withSsh(target(), LIMITS, "greeting", async () => 1)).resolves.toBe(1);
  await expect(
    withSsh(target(`${last.public.split(" ").slice(0, 2).join(" ")} x y`), LIMITS, "g", async () => 2),
  ).resolves.toBe(2);
});

test("an RSA key of the agent logs in", async () => {
  const rsa = utils.generateKeyPairSync("rsa", { bits: 2048, comment: "old" });
  await server.close();
  server = await startServer({ answer: hello, lets: rsa.public });
  await withAgent([rsa]);
  await expect(withSsh(target(), LIMITS, "greeting", async () => 1)).resolves.toBe(1);
});

test("several keys and no choice: every key is named, with the setting, and no connection is made", async () => {
  await withAgent(keys);
  const error = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(error.kind).toBe("authentication");
  expect(error.message).toMatch(/^node1: working failed: the SSH agent has 8 keys/);
  for (const [index, key] of keys.entries()) expect(error.message).toContain(`key ${index} (${print(key)})`);
  expect(error.message).toContain("Set ssh.publicKey");
  expect(server.connections()).toBe(0);
});

test("a chosen key that the agent does not have is named, beside those that it has", async () => {
  await withAgent(keys.slice(0, 2));
  const error = await failure(withSsh(target(last.public), LIMITS, "working", async () => 0));
  expect(error.kind).toBe("authentication");
  for (const key of [last, ...keys.slice(0, 2)]) expect(error.message).toContain(print(key));
  expect(server.connections()).toBe(0);
});

test("no agent, a dead agent and an empty one are told apart", async () => {
  delete process.env.SSH_AUTH_SOCK;
  const none = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(none.message).toContain("SSH_AUTH_SOCK is not set");
  process.env.SSH_AUTH_SOCK = path.join(folder, "gone");
  const dead = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(dead.message).toContain("no SSH agent answers at SSH_AUTH_SOCK");
  await withAgent([]);
  const empty = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(empty.message).toContain("the SSH agent has no key");
  expect([none.kind, dead.kind, empty.kind]).toEqual(["authentication", "authentication", "authentication"]);
});

test("a publicKey that can't be read is named as the setting", async () => {
  await withAgent([last]);
  const error = await failure(withSsh(target("ssh-ed25519 nonsense"), LIMITS, "working", async () => 0));
  expect(error.message).toContain("ssh.publicKey can't be read");
});

test("an agent that does not sign is final", async () => {
  await withAgent([last], { locked: true });
  const error = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(error.kind).toBe("authentication");
  expect(error.message).toContain("did not sign");
  expect(server.connections()).toBe(1);
});

test("a key of the agent that the host refuses is tried once", async () => {
  await withAgent(keys.slice(0, 1));
  const error = await failure(withSsh(target(), LIMITS, "working", async () => 0));
  expect(error.message).toContain("refused the key of user 'someone'");
  expect([server.logins.length, server.connections()]).toEqual([1, 1]);
});

test("a bastion can be passed with the agent too", async () => {
  const bastion = await startServer({ lets: last.public, forwards: true });
  await withAgent(keys);
  const login = target(last.public);
  const through = { ...login, bastion: { ...login, name: "b", port: bastion.target.port } };
  await expect(withSsh(through, LIMITS, "greeting", async () => 1)).resolves.toBe(1);
  expect(new Set(bastion.logins.map(({ key }) => key))).toEqual(new Set([base64(last)]));
  await bastion.close();
});

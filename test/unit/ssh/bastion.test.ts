import { withSsh } from "../../../providers/host/ssh/connect";
import { fingerprint, parseHostKey } from "../../../providers/host/ssh/host-key";
import type { Bastion, SshTarget } from "../../../providers/host/ssh/target";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { failure } from "./failure";
import { type TestServer, USER } from "./in-process-server";
import { hello, serversOfTest } from "./servers-of-test";

const LIMITS = { timeoutSeconds: 5 };
const QUICK = { timeoutSeconds: 5 };
const bastionKeys = generateKeyPair();
const bastionHostKeys = generateKeyPair();

const server = serversOfTest();

interface Pair {
  host: TestServer;
  bastion: TestServer;
  target: SshTarget;
}

async function pair(options: Parameters<typeof server>[0] = { forwards: true }): Promise<Pair> {
  const host = await server({ answer: hello });
  const bastion = await server({ hostKey: bastionHostKeys.private, lets: bastionKeys.public, ...options });
  return { host, bastion, target: { ...host.target, bastion: bastionOf(bastion) } };
}

function bastionOf({ target }: TestServer): Bastion {
  const { host, port } = target;
  const [privateKey, hostKey] = [bastionKeys.private, bastionHostKeys.public];
  return { name: "node1's bastion", host, port, user: USER, privateKey, hostKey };
}

async function eventually(done: () => boolean): Promise<void> {
  for (let waited = 0; !done() && waited < 3_000; waited += 20) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(done()).toBe(true);
}

test("reaches the host through its bastion, each with its own key, and closes both", async () => {
  const { host, bastion, target } = await pair();
  const result = await withSsh(target, LIMITS, "greeting", (session) => session.run("greet", QUICK));
  expect(result).toEqual({ stdout: "hello\n", stderr: "", exitCode: 0 });
  expect(bastion.forwarded).toEqual([`127.0.0.1:${host.target.port}`]);
  expect([host.connections(), bastion.connections()]).toEqual([1, 1]);
  expect(bastion.commands).toEqual([]);
  await eventually(() => host.open() === 0 && bastion.open() === 0);
});

test("a bastion with another host key is final, and the host behind it is not connected to", async () => {
  const { host, bastion, target } = await pair();
  const pinned = generateKeyPair().public;
  const wrong = { ...target, bastion: { ...bastionOf(bastion), hostKey: pinned } };
  const error = await failure(withSsh(wrong, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("host-key");
  expect(error.message).toMatch(/^node1: working failed: its bastion 127\.0\.0\.1:\d+ shows the host key/);
  expect(error.message).toContain(fingerprint(parseHostKey(pinned)));
  expect([bastion.logins.length, bastion.connections(), host.connections()]).toEqual([0, 1, 0]);
});

test("a bastion that refuses the key is final, after one attempt", async () => {
  const { host, bastion, target } = await pair();
  const wrong = { ...bastionOf(bastion), privateKey: generateKeyPair().private, agent: undefined };
  const error = await failure(withSsh({ ...target, bastion: wrong }, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("authentication");
  expect(error.message).toMatch(/^node1: working failed: its bastion 127\.0\.0\.1:\d+ refused the key of user/);
  expect([bastion.logins.length, bastion.connections(), host.connections()]).toEqual([1, 1, 0]);
});

test("a bastion without a pinned key is not connected to", async () => {
  const { bastion, target } = await pair();
  const unpinned = { ...target, bastion: { ...bastionOf(bastion), hostKey: "" } };
  const error = await failure(withSsh(unpinned, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("host-key");
  expect(bastion.connections()).toBe(0);
});

test("the host's own key is checked through the bastion, and both connections end", async () => {
  const { host, bastion, target } = await pair();
  const wrong = { ...target, hostKey: generateKeyPair().public };
  const error = await failure(withSsh(wrong, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("host-key");
  expect(error.message).toMatch(/^node1: working failed: 127\.0\.0\.1:\d+ shows the host key/);
  expect(host.logins).toEqual([]);
  await eventually(() => host.open() === 0 && bastion.open() === 0);
});

test("a bastion that comes late is waited for", async () => {
  const { target, bastion } = await pair();
  const { port } = bastion.target;
  await bastion.close();
  const reached = withSsh(target, LIMITS, "waiting", (session) => session.run("greet", QUICK));
  await new Promise((resolve) => setTimeout(resolve, 800));
  await server({ hostKey: bastionHostKeys.private, lets: bastionKeys.public, forwards: true, port });
  expect((await reached).stdout).toBe("hello\n");
});

test("a bastion that never comes costs the limit, and the message names host and bastion", async () => {
  const { target, bastion } = await pair();
  await bastion.close();
  const error = await failure(withSsh(target, { timeoutSeconds: 1 }, "waiting", async () => 0));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toMatch(
    /^node1: waiting failed: no SSH session with 127\.0\.0\.1:\d+ through its bastion 127\.0\.0\.1:\d+ within 1 s/,
  );
  expect(error.message).toMatch(/the last: its bastion 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
});

test("a host that its bastion does not reach yet is tried again", async () => {
  const { host, target, bastion } = await pair();
  await host.close();
  const error = await failure(withSsh(target, { timeoutSeconds: 2 }, "waiting", async () => 0));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toMatch(/its bastion 127\.0\.0\.1:\d+ does not reach 127\.0\.0\.1:\d+/);
  expect(bastion.forwarded.length).toBeGreaterThan(1);
});

test("a bastion that forbids forwarding is final, and the message names the option", async () => {
  const { target, bastion } = await pair({ forwards: false });
  const error = await failure(withSsh(target, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("authentication");
  expect(error.message).toContain("AllowTcpForwarding");
  expect(bastion.connections()).toBe(1);
});

test("link-drop-mid-exec: a bastion that is lost ends the work", async () => {
  const host = await server({ answer: () => setTimeout(() => bastion.cut(), 100) });
  const bastion = await server({ hostKey: bastionHostKeys.private, lets: bastionKeys.public, forwards: true });
  const target = { ...host.target, bastion: bastionOf(bastion) };
  const error = await failure(withSsh(target, LIMITS, "working", (session) => session.run("sleep", QUICK)));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toContain("through its bastion");
});

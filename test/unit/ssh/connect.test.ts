import { createServer, type AddressInfo } from "node:net";
import { utils } from "ssh2";
import { withSsh } from "../../../providers/host/ssh/connect";
import { fingerprint, parseHostKey } from "../../../providers/host/ssh/host-key";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { freePort } from "../../harness/servers/free-port";
import { failure } from "./failure";
import { clientKeys, hostKeys, targetAt } from "./in-process-server";
import { hello, serversOfTest } from "./servers-of-test";

const LIMITS = { timeoutSeconds: 5 };
const QUICK = { timeoutSeconds: 5 };

const server = serversOfTest();

test("does its work and takes leave, by one connection and one signed login", async () => {
  const { target, logins, connections } = await server({ answer: hello });
  const result = await withSsh(target, LIMITS, "greeting", (session) => session.run("greet", QUICK));
  expect(result).toEqual({ stdout: "hello\n", stderr: "", exitCode: 0 });
  expect(connections()).toBe(1);
  expect(logins.filter((login) => login.signed)).toHaveLength(1);
  expect(logins.every((login) => login.method === "publickey")).toBe(true);
});

test("what the work answers or throws is what the caller gets", async () => {
  const { target } = await server({ answer: hello });
  await expect(withSsh(target, LIMITS, "thinking", async () => 42)).resolves.toBe(42);
  await expect(withSsh(target, LIMITS, "thinking", () => Promise.reject(new Error("no idea")))).rejects.toThrow(
    "no idea",
  );
});

test("ssh-port-closed: names the host, and gives up at the limit", async () => {
  const port = await freePort();
  const started = Date.now();
  const error = await failure(withSsh(targetAt(port), { timeoutSeconds: 2 }, "installing containerd", async () => 0));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toMatch(
    /^node1: installing containerd failed: no SSH session with 127\.0\.0\.1:\d+ within 2 s/,
  );
  expect(error.message).toContain("ECONNREFUSED");
  expect(Date.now() - started).toBeLessThan(2_500);
});

test("ssh-blackhole: a server that never says a word costs the limit and no more", async () => {
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const started = Date.now();
  const { port } = silent.address() as AddressInfo;
  const error = await failure(withSsh(targetAt(port), { timeoutSeconds: 1 }, "waiting", async () => 0));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toContain("no answer within 1 s");
  expect(Date.now() - started).toBeLessThan(2_000);
  silent.close();
});

test("ssh-late-boot: a server that starts later is reached", async () => {
  const port = await freePort();
  const reached = withSsh(targetAt(port), LIMITS, "waiting for boot", (session) => session.run("greet", QUICK));
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  await server({ answer: hello, port });
  expect((await reached).stdout).toBe("hello\n");
});

test("ssh-wrong-key: exactly one attempt is made, and none after it", async () => {
  const { target, logins, connections } = await server({ answer: hello });
  const other = generateKeyPair();
  const error = await failure(
    withSsh({ ...target, privateKey: other.private, agent: undefined }, LIMITS, "working", async () => 0),
  );
  expect(error.kind).toBe("authentication");
  expect(error.message).toContain("refused the key of user 'someone'");
  expect(logins).toHaveLength(1);
  expect(connections()).toBe(1);
});

test("a private key that can't be read is named as such and is not in the message", async () => {
  const broken = clientKeys.private.replace(/\n.{20}/, "\n");
  const error = await failure(
    withSsh({ ...targetAt(1), privateKey: broken, agent: undefined }, LIMITS, "working", async () => 0),
  );
  expect(error.kind).toBe("authentication");
  expect(error.message).not.toContain(broken.split("\n")[2]);
});

test("hostkey-changed: fails closed with both fingerprints, before a login and a command", async () => {
  const { target, logins, commands, connections } = await server({ answer: hello });
  const pinned = generateKeyPair().public;
  const error = await failure(withSsh({ ...target, hostKey: pinned }, LIMITS, "working", (s) => s.run("greet", QUICK)));
  expect(error.kind).toBe("host-key");
  expect(error.message).toContain(fingerprint(parseHostKey(pinned)));
  expect(error.message).toContain(fingerprint(parseHostKey(hostKeys.public)));
  expect({ logins, commands, connections: connections() }).toEqual({ logins: [], commands: [], connections: 1 });
});

test("hostkey-mitm-first-use: without a pinned key no connection is made", async () => {
  const { target, connections } = await server({ answer: hello });
  const error = await failure(withSsh({ ...target, hostKey: "" }, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("host-key");
  expect(connections()).toBe(0);
});

test("hostkey-rsa-only: says which type of key to make and pin", async () => {
  const rsa = utils.generateKeyPairSync("rsa", { bits: 2048 });
  const { target } = await server({ answer: hello, hostKey: rsa.private });
  const error = await failure(withSsh(target, LIMITS, "working", async () => 0));
  expect(error.kind).toBe("host-key");
  expect(error.message).toContain("has no ssh-ed25519 host key");
});

test("maxstartups: hang-ups before the banner are waited out", async () => {
  const { target, connections } = await server({ answer: hello, hangUpOn: 2 });
  const result = await withSsh(target, LIMITS, "greeting", (session) => session.run("greet", QUICK));
  expect(result.exitCode).toBe(0);
  expect(connections()).toBe(3);
});

test("link-drop-mid-exec: a cut connection ends the work with an error, not with a result", async () => {
  const started = await server({ answer: () => setTimeout(() => started.cut(), 100) });
  const error = await failure(withSsh(started.target, LIMITS, "working", (session) => session.run("sleep", QUICK)));
  expect(error.kind).toBe("unreachable");
  expect(error.message).toMatch(/lost/);
});

test("the host's own connectTimeoutSeconds goes before the caller's limit", async () => {
  const target = { ...targetAt(await freePort()), connectTimeoutSeconds: 1 };
  const started = Date.now();
  const error = await failure(withSsh(target, { timeoutSeconds: 60 }, "working", async () => 0));
  expect(error.message).toContain("within 1 s");
  expect(Date.now() - started).toBeLessThan(2_000);
});

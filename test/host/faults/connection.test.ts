import { BareHosts, onHost } from "../../harness/machines/bare-hosts";
import { eventually } from "../../harness/eventually";
import type { NspawnMachine } from "../../harness/machines/nspawn-machine";
import { withSsh } from "../../../providers/host/ssh/connect";
import { HostError } from "../../../providers/host/ssh/errors";
import { fingerprint, parseHostKey } from "../../../providers/host/ssh/host-key";
import type { SshTarget } from "../../../providers/host/ssh/target";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { stepScript } from "../../../providers/host/shell/script";

/** Faults between the workstation and a host, on real machines. What the program does about them is in providers/host/ssh. */

jest.setTimeout(10 * 60_000);

const CONFIG = "/etc/ssh/sshd_config.d/00-fault.conf";
/** Where the host's own key waits while it has another one. */
const ASIDE = "/root/host-key";

let hosts: BareHosts;
let machine: NspawnMachine;
let target: SshTarget & { privateKey: string };

beforeAll(async () => {
  hosts = await BareHosts.create("flc", 2, { mirror: false });
  ({ machine, target } = hosts.host(0));
});

afterEach(async () => {
  await machine.run(`iptables -F INPUT
rm -f ${CONFIG}
[ ! -e ${ASIDE} ] || { mv ${ASIDE} /etc/ssh/ssh_host_ed25519_key; mv ${ASIDE}.pub /etc/ssh/ssh_host_ed25519_key.pub; }
sed -i 's,ssh_host_rsa_key,ssh_host_ed25519_key,' /etc/ssh/sshd_config.d/homelab.conf
systemctl reset-failed ssh.service
systemctl restart ssh.service`);
});

afterAll(async () => {
  await hosts?.remove();
});

/** How the host's SSH server is configured for one test. */
async function configure(lines: string): Promise<void> {
  await machine.run(`printf '%s\\n' '${lines}' >${CONFIG}; systemctl restart ssh.service`);
}

async function failureOf(work: Promise<unknown>): Promise<HostError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HostError) return error;
  throw new Error(`not a HostError: ${String(error)}`);
}

const touch = (to: SshTarget, seconds: number, file = "/tmp/reached") =>
  withSsh(to, { timeoutSeconds: seconds }, "testing", (session) =>
    session.run(`touch ${file}`, { timeoutSeconds: 20 }),
  );
const secondsSince = (start: number) => (Date.now() - start) / 1000;
/** Lines of the SSH server's journal. */
const journal = (pattern: string) =>
  machine.run(`journalctl --sync; journalctl --quiet _COMM=sshd -o cat | grep -cE '${pattern}' || true`).then(Number);

test("ssh-port-closed: the error names the host within the limit, and the other host is done meanwhile", async () => {
  await machine.run("systemctl stop ssh.service");
  const start = Date.now();
  const other = touch(hosts.host(1).target, 20).then(() => secondsSince(start));
  const error = await failureOf(touch(target, 4));
  expect(secondsSince(start)).toBeLessThan(5);
  expect(error.kind).toBe("unreachable");
  expect(error.message).toMatch(new RegExp(`^${target.name}: testing failed: .*within 4 s.*ECONNREFUSED`));
  expect(await other).toBeLessThan(4);
});

test("ssh-blackhole: packets that get no answer cost the limit and no more", async () => {
  await machine.run("iptables -I INPUT -p tcp --dport 22 -j DROP");
  const start = Date.now();
  const error = await failureOf(touch(target, 6));
  expect(secondsSince(start)).toBeGreaterThan(5);
  expect(secondsSince(start)).toBeLessThan(7);
  expect(error).toMatchObject({ kind: "unreachable", subject: target.name });
});

test("ssh-late-boot: a server that starts after 20 s is waited for", async () => {
  await machine.run("systemctl stop ssh.service");
  await machine.run(
    "systemd-run --quiet --on-active=20 --timer-property=AccuracySec=100ms systemctl start ssh.service",
  );
  const start = Date.now();
  await touch(target, 60);
  expect(secondsSince(start)).toBeGreaterThan(15);
  // The longest pause between two tries is 5 s, give or take a third.
  expect(secondsSince(start)).toBeLessThan(30);
});

test("ssh-wrong-key: the host sees one attempt to log in, and no other follows", async () => {
  await configure("LogLevel VERBOSE");
  const before = await journal("Failed publickey");
  const error = await failureOf(touch({ ...target, privateKey: generateKeyPair().private }, 20));
  expect(error.kind).toBe("authentication");
  expect(error.message).toContain(`refused the key of user '${target.user}'`);
  expect((await journal("Failed publickey")) - before).toBe(1);
});

test("hostkey-changed: nothing is sent to a host with another key, and both fingerprints are named", async () => {
  const logins = await machine.logins();
  await machine.run(`mv /etc/ssh/ssh_host_ed25519_key ${ASIDE}; mv /etc/ssh/ssh_host_ed25519_key.pub ${ASIDE}.pub
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
systemctl restart ssh.service`);
  const other = await machine.run("cat /etc/ssh/ssh_host_ed25519_key.pub");
  const error = await failureOf(touch(target, 20, "/tmp/pwned"));
  expect(error.kind).toBe("host-key");
  expect(error.message).toContain(fingerprint(parseHostKey(target.hostKey)));
  expect(error.message).toContain(fingerprint(parseHostKey(other)));
  expect(await machine.logins()).toBe(logins);
  expect(await machine.succeeds("test -e /tmp/pwned")).toBe(false);
});

test("hostkey-mitm-first-use: a host without a pinned key is not connected to", async () => {
  await configure("LogLevel VERBOSE");
  const before = await journal("^Connection from");
  const error = await failureOf(touch({ ...target, hostKey: "" }, 20));
  expect(error.kind).toBe("host-key");
  expect(await journal("^Connection from")).toBe(before);
});

test("hostkey-rsa-only: the error says which type of key to make and pin", async () => {
  await machine.run(`[ -e /etc/ssh/ssh_host_rsa_key ] || ssh-keygen -q -t rsa -b 2048 -N '' -f /etc/ssh/ssh_host_rsa_key
sed -i 's,ssh_host_ed25519_key,ssh_host_rsa_key,' /etc/ssh/sshd_config.d/homelab.conf
systemctl restart ssh.service`);
  const error = await failureOf(touch(target, 20));
  expect(error.kind).toBe("host-key");
  expect(error.message).toMatch(/has no ssh-ed25519 host key.*ssh-keygen -A.*ssh_host_ed25519_key\.pub/);
});

test("maxstartups: twelve logins at once get in where the server takes two at a time", async () => {
  await configure("MaxStartups 2:100:2");
  const logins = await machine.logins();
  await Promise.all(Array.from({ length: 12 }, () => touch(target, 60)));
  expect((await machine.logins()) - logins).toBe(12);
  // Otherwise nothing was tried here.
  expect(await journal("MaxStartups")).toBeGreaterThan(0);
});

test("link-drop-mid-exec: a cut session is an error at once, and the next run waits for the orphaned script", async () => {
  const script = stepScript({
    standalone: true,
    step: "slow",
    commands: `echo "begin $$" >>/root/slow\nsleep 6\necho "end $$" >>/root/slow`,
  });
  const start = Date.now();
  const cut = failureOf(onHost(hosts.host(0), script));
  expect(await eventually(() => machine.succeeds("test -e /root/slow"), 20)).toBe(true);
  await machine.run(`pkill -KILL -f '^sshd: ${target.user}@notty'`);
  expect(await cut).toMatchObject({ kind: "unreachable", subject: target.name });
  expect(secondsSince(start)).toBeLessThan(6);

  await onHost(hosts.host(0), script);
  const [first, ...others] = (await machine.run("cat /root/slow")).split("\n").map((line) => line.split(" "));
  expect(others.map(([what]) => what)).toEqual(["end", "begin", "end"]);
  expect(others[0]?.[1]).toBe(first?.[1]);
});

test("no-acceptenv: a server that takes no environment variables does what it is told, without a warning", async () => {
  await machine.run(
    `cp -a /etc/ssh/sshd_config /root/sshd_config; sed -i '/AcceptEnv/d' /etc/ssh/sshd_config; systemctl restart ssh.service`,
  );
  expect(await machine.run("sshd -T | grep -ci acceptenv || true")).toBe("0");
  const { stdout, stderr } = await onHost(
    hosts.host(0),
    stepScript({ standalone: true, step: "greet", commands: 'echo "$LC_ALL"' }),
  );
  await machine.run("cp -a /root/sshd_config /etc/ssh/sshd_config");
  expect({ stdout, stderr }).toEqual({ stdout: "C\n", stderr: "" });
});

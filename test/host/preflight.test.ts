import execa from "execa";
import type { ContainerHost } from "../harness/machines/test-host";
import { LabStack } from "../harness/stacks/lab-stack";
import { HOSTS_PROGRAM } from "./hosts";

jest.setTimeout(10 * 60_000);

/** Logins of a first run: the machine's readiness, the preflight that is also the inspection's, and one for each step. */
const LOGINS_OF_FIRST_RUN = 9;
/** Everything in the component that makes the machines, and nothing that follows. */
const MACHINES_ALONE = ["--target", "**homelab:machines:Machines**"];
const TWIN_ID = "0123456789abcdef0123456789abcdef";

let stack: LabStack;
let first: ContainerHost;
let second: ContainerHost;

beforeAll(async () => {
  stack = await LabStack.create({ name: "pre", roles: ["control-plane", "worker"], program: HOSTS_PROGRAM });
  await stack.up(...MACHINES_ALONE);
  first = stack.container(0);
  second = stack.container(1);
});

afterAll(async () => {
  await stack?.remove();
});

const failingUp = async () => {
  const { exitCode, output } = await stack.tryUp();
  expect(exitCode).not.toBe(0);
  return output;
};
/** The message without the table's columns: each cell's words are in one line. */
const rowsOf = (output: string) => output.split("\n").map((line) => line.trim());
const digests = async () => Promise.all(stack.machines.map((machine) => machine.digest()));
const logins = async () => Promise.all(stack.machines.map((machine) => machine.logins()));

/** Runs a command of the workstation in the machine's network only: a machine that was just made has no iptables. */
async function inNetworkOf(machine: ContainerHost, ...command: string[]): Promise<void> {
  await execa("nsenter", ["--target", String(await machine.leader()), "--net", ...command]);
}

const listenOn = (port: number) =>
  `systemd-run --quiet --unit squatter perl -MIO::Socket::INET -e \
    'my $s = IO::Socket::INET->new(LocalPort => ${port}, Listen => 1, ReuseAddr => 1) or die $!; sleep 3600'`;

describe("the preflight", () => {
  let ids: string[];

  test("dup-machine-id, port-in-use, clock-skew, stale-CNI, bastion-api, firewall-pods: are in one table, with a firewall, before any change on any host", async () => {
    ids = await Promise.all(stack.machines.map((machine) => machine.run("cat /etc/machine-id")));
    const before = { digests: await digests(), logins: await logins() };
    for (const machine of [first, second]) await machine.run(`echo ${TWIN_ID} >/etc/machine-id`);
    await second.run(`${listenOn(10250)}; until grep -q ':280A ' /proc/net/tcp; do sleep 0.1; done`);
    // The machines share one clock, so only what the host says of it can be wrong.
    await first.run(
      `printf '#!/bin/sh\\nexec /bin/date -d "+1 hour" "$@"\\n' >/usr/local/bin/date; chmod 755 /usr/local/bin/date`,
    );
    await inNetworkOf(first, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", "6443", "-j", "DROP");
    await inNetworkOf(second, "iptables", "-A", "INPUT", "-p", "udp", "--dport", "8472", "-j", "DROP");
    await inNetworkOf(second, "ip", "link", "add", "cni0", "type", "bridge");
    await inNetworkOf(second, "ip", "address", "add", "10.244.0.1/24", "dev", "cni0");

    const output = await failingUp();

    await first.run("rm /usr/local/bin/date");
    await second.run("systemctl stop squatter");
    await inNetworkOf(second, "ip", "link", "delete", "cni0");
    for (const machine of [first, second]) await inNetworkOf(machine, "iptables", "-F", "INPUT");
    for (const [index, id] of ids.entries()) await stack.machine(index).run(`echo ${id} >/etc/machine-id`);

    const text = rowsOf(output).join(" ").replace(/ +/g, " ");
    expect(output.match(/what was found +what to do/g)).toHaveLength(1);
    expect(text).toContain("the preflight ended with 8 findings. Nothing was changed on any host.");
    expect(output).toContain(TWIN_ID);
    expect(output).toMatch(/10250\/tcp \(kubelet\)/);
    expect(output).toMatch(/perl/);
    expect(text).toMatch(/device cni0 has 10\.244\.0\.1\/24.*cluster\.podSubnet/);
    expect(output).toMatch(/3[56]\d\d s +ahead|clock is 3[56]\d\d s/);
    expect(output).toMatch(/6443\/tcp/);
    expect(output).toMatch(/8472\/udp/);
    expect(text).toMatch(/workstation, which .*can't reach the API.*6443: there is no answer/);
    // The dropped port is closed to pods too. Of the machine's own network nothing was changed to find that out.
    expect(text).toMatch(/the firewall \(iptables\) drops what goes .*iptables -I INPUT -s 10\.244\.0\.0\/16/);
    expect(output).toContain("Fix what the table says");
    expect(await digests()).toEqual(before.digests);
    expect(await logins()).toEqual(before.logins.map((count) => count + 1));
  });

  test("lets hosts in that were repaired, with no login more than the inspection had", async () => {
    const before = await logins();
    await stack.up();
    const readiness = 1;
    for (const [index, count] of (await logins()).entries()) {
      expect(count - (before[index] ?? 0)).toBeLessThanOrEqual(LOGINS_OF_FIRST_RUN - readiness);
    }
  });

  test("is not repeated by a second up: no change, no login", async () => {
    const before = await logins();
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    expect(await logins()).toEqual(before);
  });

  test("compares an added host with the others without a login on them", async () => {
    await stack.change((settings) => {
      const { nodes } = settings["homelab:machines"];
      const address = (nodes[1]?.["address"] as string).replace(/\d+$/, "13");
      nodes.push({ ...nodes[1], name: `${stack.name}-3`, address });
    });
    await stack.up(...MACHINES_ALONE);
    const third = stack.machine(2);
    await third.run(`echo ${ids[0]} >/etc/machine-id`);
    const before = [await first.logins(), await second.logins()];
    await inNetworkOf(first, "iptables", "-A", "INPUT", "-p", "tcp", "--dport", "6443", "-j", "DROP");

    const output = await failingUp();

    await inNetworkOf(first, "iptables", "-F", "INPUT");
    expect(output).toContain(`${first.name}, ${third.name}: the preflight ended with 2 findings`);
    expect(output).toContain(ids[0]);
    expect(output).toMatch(/6443\/tcp/);
    expect([await first.logins(), await second.logins()]).toEqual(before);
  });

  test("notes a host that it can't check, tries it once, and checks it when it is there", async () => {
    const third = stack.machine(2);
    await third.run(
      "cd /etc/ssh; echo >/etc/machine-id; systemd-machine-id-setup; mkdir /root/kept; mv ssh_host_ed25519_key* /root/kept; " +
        "ssh-keygen -q -t ed25519 -N '' -f ssh_host_ed25519_key; systemctl restart ssh",
    );
    const output = await failingUp();
    expect(output).toContain("not checked, and left out of this run");
    expect(output).not.toContain("what to do");
    expect(output).toMatch(new RegExp(`${third.name}-inspection.*\\n?[^]*shows the host key`));
    expect(await stack.planned()).toContain("update preflight");

    await third.run("mv -f /root/kept/* /etc/ssh/; systemctl restart ssh");
    await stack.up();
    expect(await stack.plan()).toEqual([]);
  });
});

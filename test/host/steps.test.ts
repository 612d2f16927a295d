import { access } from "node:fs/promises";
import os from "node:os";
import { processes } from "../harness/machines/processes";
import type { TestHost } from "../harness/machines/test-host";
import { LabStack } from "../harness/stacks/lab-stack";
import type { PlannedStep } from "../harness/stacks/stack-cli";
import { HOSTS_PROGRAM } from "./hosts";
import { versions } from "../../versions";

jest.setTimeout(10 * 60_000);

/** Logins of a first run: the machine's readiness, its inspection, and one for each step. */
const LOGINS_OF_FIRST_RUN = 9;
const IP_FORWARD = "net.ipv4.ip_forward";
/** A sysctl that every network namespace has for itself. */
const KEEPALIVE = "net.ipv4.tcp_keepalive_time";

let stack: LabStack;
let first: TestHost;
let second: TestHost;

beforeAll(async () => {
  stack = await LabStack.create({ name: "hst", roles: ["control-plane", "worker"], program: HOSTS_PROGRAM });
  await stack.up();
  first = stack.machine(0);
  second = stack.machine(1);
});

afterAll(async () => {
  await stack?.remove();
});

const logins = async () => Promise.all(stack.machines.map((machine) => machine.logins()));
const digests = async () => Promise.all(stack.machines.map((machine) => machine.digest()));
const sysctl = async (machine: TestHost, name: string) => machine.run(`sysctl -n ${name}`);
const resourceNames = (steps: PlannedStep[]) => steps.map(({ name }) => name).sort();

describe("the life of two prepared hosts", () => {
  test("begins with at most nine logins per host", async () => {
    for (const count of await logins()) {
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(LOGINS_OF_FIRST_RUN);
    }
  });

  test("has the kernel settings, containerd and the Kubernetes packages in effect on each host", async () => {
    for (const machine of stack.machines) {
      expect(await sysctl(machine, IP_FORWARD)).toBe("1");
      expect(await machine.run("containerd config dump | grep -c 'sandbox = .registry.k8s.io/pause'")).toBe("1");
      expect(await machine.run("kubeadm version -o short")).toBe(`v${versions.kubernetes}`);
      expect((await machine.run("apt-mark showhold")).split("\n")).toEqual(
        expect.arrayContaining(["kubeadm", "kubectl", "kubelet"]),
      );
    }
  });

  test("drill-idempotence: a second up changes nothing, logs in nowhere, and leaves the same host digest", async () => {
    const before = { logins: await logins(), digests: await digests() };
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    expect({ logins: await logins(), digests: await digests() }).toEqual(before);
  });

  test("shows a changed sysctl as one update per host, with a readable line diff, and applies it", async () => {
    await stack.change((settings) => {
      settings["homelab:sysctls"] = { [KEEPALIVE]: "600" };
    });
    const plan = await stack.plan();
    expect(plan.map(({ op, changed }) => ({ op, changed }))).toEqual(
      stack.machines.map(() => ({ op: "update", changed: ["stdin"] })),
    );
    expect(resourceNames(plan)).toEqual(stack.machines.map(({ name }) => `${name}-sysctls`));
    expect(await stack.previewText()).toMatch(/^ *\+ .*net\.ipv4\.tcp_keepalive_time/m);

    await stack.up();
    expect(await sysctl(first, KEEPALIVE)).toBe("600");
    expect(await sysctl(second, KEEPALIVE)).toBe("600");
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("finds a sysctl that was changed by hand, says so, and repairs it on that host alone", async () => {
    await first.run(`sysctl -w ${IP_FORWARD}=0`);
    const before = await logins();
    await stack.refresh();
    expect(await logins()).toEqual(before.map((count) => count + 1));

    const plan = await stack.plan();
    expect(resourceNames(plan)).toEqual([`${first.name}-sysctls`]);
    expect(await stack.previewText()).toMatch(/drift 1 .*net\.ipv4\.ip_forward/);

    const loginsOfSecond = await second.logins();
    await stack.up();
    expect(await sysctl(first, IP_FORWARD)).toBe("1");
    expect(await second.logins()).toBe(loginsOfSecond);
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("ssh-port-closed: the other hosts are finished when one can't be reached, and that one is named", async () => {
    await first.run(
      "systemctl stop ssh.socket ssh.service 2>/dev/null || systemctl stop ssh.service; pkill -x sshd || true",
    );
    await stack.change((settings) => {
      settings["homelab:sysctls"] = { [KEEPALIVE]: "900" };
    });
    const failed = await stack.tryUp();
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toContain(first.name);
    expect(await sysctl(second, KEEPALIVE)).toBe("900");

    await first.run("systemctl start ssh.service");
    await stack.up();
    expect(await sysctl(first, KEEPALIVE)).toBe("900");
  });

  test("drill-clean-destroy: a destroy leaves no machine, bridge or process", async () => {
    const stateDir = "/var/lib/homelab/nspawn";
    expect(Object.keys(os.networkInterfaces())).toContain(stack.bridge);
    await stack.destroy();
    expect(Object.keys(os.networkInterfaces())).not.toContain(stack.bridge);
    await expect(access(`${stateDir}/machines/${stack.bridge}`)).rejects.toThrow("ENOENT");
    expect(await commandLines()).not.toContainEqual(expect.stringContaining(stack.bridge));
  });
});

/** Command lines of nspawn's processes: the mirror is not the stack's. */
async function commandLines(): Promise<string[]> {
  return (await processes()).map(({ commandLine }) => commandLine).filter((line) => line.includes("nspawn"));
}

import { readdir } from "node:fs/promises";
import path from "node:path";
import type { Step } from "../../../components/node/step";
import { STEPS } from "../../../components/node/steps";
import { seededRandom } from "../../harness/seeded-random";
import { killOnce } from "../../harness/stacks/crash";
import { eventually } from "../../harness/eventually";
import type { TestHost } from "../../harness/machines/test-host";
import { LabStack } from "../../harness/stacks/lab-stack";
import { leaksInFolder, leaksInText, lineOfKey, ProcessWatch, type Secret } from "../../harness/stacks/secret-search";
import { HOSTS_PROGRAM } from "../hosts";

/** Faults of a run: it is killed, meets another one, or is given what is not its own. */

jest.setTimeout(10 * 60_000);

const KEEPALIVE = "net.ipv4.tcp_keepalive_time";
const UP = ["--yes", "--skip-preview"];
/** Longest time from a step's begin to the kill, in milliseconds; a step takes from 0.1 to 10 s. */
const LONGEST_DELAY_MS = 3_000;

let stack: LabStack;
let machine: TestHost;
let watch: ProcessWatch;
const outputs: Record<string, string> = {};

beforeAll(async () => {
  stack = await LabStack.create({ name: "eng", roles: ["control-plane"], program: HOSTS_PROGRAM });
  machine = stack.machine(0);
  watch = new ProcessWatch();
});

afterAll(async () => {
  await watch?.stop();
  await stack?.remove();
});

/** True where the machine has come to this step, or further. */
async function reached(step: Step): Promise<boolean> {
  const [, current = ""] = /step ([a-z-]+),/.exec(await machine.run("cat /run/homelab.lock")) ?? [];
  return STEPS.findIndex(({ name }) => name === current) >= STEPS.indexOf(step);
}

/**
 * A host's digest without what makes it this host. The expected state has the id of its run; it is compared by the
 * preview, which is empty.
 */
async function digestWithoutName(host: TestHost): Promise<string[]> {
  const own =
    /^[0-9a-f]{64} .*(\/etc\/(hostname|hosts|ssh\/ssh_host_.*|systemd\/network\/10-host0\.network)|\/var\/lib\/homelab\/(expected\/.*|before\/journal))$/;
  return (await host.digest()).split("\n").filter((line) => !own.test(line));
}

test("drill-crash: a run that is killed in every step is repeated to the state of an undisturbed host", async () => {
  const random = seededRandom();
  for (const step of STEPS.filter(({ isWanted }) => !isWanted)) {
    expect(await killOnce(stack, () => reached(step), { delayMs: random() * LONGEST_DELAY_MS })).toBe(true);
    await stack.cancel();
  }
  await stack.up();
  await stack.refresh();
  expect(await stack.plan()).toEqual([]);
  expect(await machine.run("dpkg --audit")).toBe("");

  await stack.change(({ "homelab:machines": { nodes } }) => {
    const address = (nodes[0]?.["address"] as string).replace(/\d+$/, "12");
    nodes.push({ name: `${stack.name}-2`, role: "worker", address });
  });
  const { output } = await stack.up();
  outputs["up"] = output;
  expect(await digestWithoutName(machine)).toEqual(await digestWithoutName(stack.machine(1)));
});

describe("concurrent runs", () => {
  beforeEach(async () => {
    await stack.change((settings) => {
      const last = Number(settings["homelab:sysctls"]?.[KEEPALIVE] ?? 600);
      settings["homelab:sysctls"] = { [KEEPALIVE]: String(last + 1) };
    });
    // A script of another run that works on the host keeps the new one waiting. Collected: stopped, flock says 143 where its
    // sleep ends first, and a failed unit would keep the name.
    await machine.run("systemd-run --quiet --collect --unit other-run flock /run/homelab.lock sleep 600");
  });

  afterEach(async () => {
    await machine.run("systemctl stop other-run.service || true");
  });

  const locked = () => eventually(async () => (await locks()).length > 0, 30, 50);
  const locks = async () =>
    (await readdir(path.join(stack.folder, ".pulumi", "locks"), { recursive: true })).filter((file) =>
      file.endsWith(".json"),
    );
  const waits = () => eventually(() => machine.succeeds("pgrep -f '^flock -w'"), 60);

  test("concurrent-up / stale lock / kill -9 engine: a second run is refused, and the first waits for the host's lock", async () => {
    const first = stack.start("up", ...UP);
    expect(await locked()).toBe(true);
    expect(await waits()).toBe(true);
    const second = await stack.pulumi("up", ...UP);
    expect(second.exitCode).not.toBe(0);
    expect(second.output).toMatch(/currently locked[^]*pulumi cancel/);

    await machine.run("systemctl stop other-run.service");
    expect((await first.ended).exitCode).toBe(0);
    expect(await stack.plan()).toEqual([]);
  });

  test("concurrent-up / stale lock / kill -9 engine: after a kill, one command lets the next run come to the same end", async () => {
    expect(await killOnce(stack, waits)).toBe(true);
    expect((await stack.pulumi("up", ...UP)).output).toContain("pulumi cancel");
    await machine.run("systemctl stop other-run.service");
    expect((await stack.cancel()).exitCode).toBe(0);
    await stack.up();
    expect(await stack.plan()).toEqual([]);
    const value = stack.settings["homelab:sysctls"]?.[KEEPALIVE];
    for (const host of stack.machines) expect(await host.run(`sysctl -n ${KEEPALIVE}`)).toBe(value);
  });
});

describe("a run that lacks something", () => {
  let logins: number;
  beforeEach(async () => {
    logins = await machine.logins();
  });

  afterEach(async () => {
    expect(await machine.logins()).toBe(logins);
  });

  test("wrong-passphrase / missing config: another passphrase ends the run before it connects, and is not shown", async () => {
    const other = stack.in({ PULUMI_CONFIG_PASSPHRASE: "canary-of-another" });
    const failed = await other.pulumi("up", ...UP);
    outputs["up with another passphrase"] = failed.output;
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toMatch(/incorrect passphrase/);
    expect(failed.output).not.toContain("canary-of-another");
  });

  test("wrong-passphrase / missing config: a setting that is missing is named before anything is connected to", async () => {
    const { "homelab:machines": machines } = stack.settings;
    await stack.change((settings) => delete (settings as Record<string, unknown>)["homelab:machines"]);
    const failed = await stack.pulumi("up", ...UP);
    outputs["failed up"] = failed.output;
    await stack.change((settings) => (settings["homelab:machines"] = machines));
    expect(failed.exitCode).not.toBe(0);
    expect(failed.output).toMatch(/machines: .*missing|machines: .*required/i);
  });
});

test("no-acceptenv: a run of the steps on hosts whose servers take no environment prints no warning", async () => {
  await machine.run("sed -i '/AcceptEnv/d' /etc/ssh/sshd_config; systemctl restart ssh.service");
  await stack.change((settings) => {
    settings["homelab:sysctls"] = { [KEEPALIVE]: "700" };
  });
  const { output } = await stack.up();
  // As the plugin would say it: "Unable to set 'PULUMI_COMMAND_STDOUT'. This only works if … AcceptEnv".
  expect(output).not.toMatch(/Unable to set|AcceptEnv/i);
});

test("secret-canary: no key and no passphrase in state, backups, outputs, command lines, or where it could be read on a host", async () => {
  const keys = await stack.privateKeys();
  const secrets: Secret[] = [
    ...keys.map((pem, index) => ({ name: `key ${index + 1}`, value: lineOfKey(pem) })),
    { name: "passphrase", value: stack.passphrase },
  ];
  outputs["preview"] = await stack.previewText();
  outputs["preview as JSON"] = (await stack.pulumi("preview", "--json")).output;
  outputs["verbose log"] = (await stack.pulumi("preview", "--logtostderr", "-v=1")).output;
  outputs["history"] = (await stack.pulumi("stack", "history", "--json")).output;
  outputs["command lines"] = await watch.stop();
  const leaks = Object.entries(outputs).flatMap(([place, text]) => leaksInText(place, text, secrets));
  leaks.push(...(await leaksInFolder(path.join(stack.folder, ".pulumi"), secrets)));
  expect(leaks).toEqual([]);

  for (const { value } of secrets) {
    // In the argument of a search it would be found on the command line.
    const found = await machine.run(
      `grep -rlsF -D skip -f - / --exclude-dir=proc --exclude-dir=sys <<'EOF' || true\n${value}\nEOF`,
    );
    expect(["", "/etc/ssh/ssh_host_ed25519_key"]).toContain(found);
  }
  expect(await machine.run("stat -c '%a %U' /etc/ssh/ssh_host_ed25519_key")).toBe("600 root");
});

import { BareHosts, onHost } from "../../harness/bare-hosts";
import type { LabMachine } from "../../harness/lab-machine";
import { inspectionDriver } from "../../../providers/inspection/driver";
import type { HostFacts } from "../../../providers/inspection/host-facts";
import { stepScript, SUPPORTED } from "../../../shell/script";

/** Hosts that are not as the program wants them: what it says of them before it changes anything. */

jest.setTimeout(10 * 60_000);

let hosts: BareHosts;
let machine: LabMachine;

beforeAll(async () => {
  hosts = await BareHosts.create("fli", 1, { mirror: false });
  ({ machine } = hosts.host(0));
});

afterAll(async () => {
  await hosts?.remove();
});

/** The first look at a host, as the engine has it done. */
async function inspect(): Promise<HostFacts> {
  const { target } = hosts.host(0);
  const inputs = { target, incarnation: "1", steps: [], sharedKernel: true };
  return (await inspectionDriver.create(inputs)).outputs.facts;
}

/** What of a host the steps would change. */
const digest = () => machine.digest();
const greeting = stepScript({ step: "greet", commands: "echo hello" });

describe("a host on which the steps can't run", () => {
  let before: string;
  beforeAll(async () => {
    before = await digest();
  });

  afterEach(async () => {
    expect(await digest()).toBe(before);
  });

  test("unsupported-os-arch: another system is refused with those that are supported", async () => {
    await machine.run(`printf 'ID=fedora\\nVERSION_ID=40\\nPRETTY_NAME="Fedora 40"\\n' >/run/os-release
mount --bind /run/os-release /usr/lib/os-release`);
    const [inspection, step] = await Promise.allSettled([inspect(), onHost(hosts.host(0), greeting)]);
    await machine.run("umount /usr/lib/os-release");
    for (const refused of [inspection, step]) {
      expect(refused).toMatchObject({ status: "rejected" });
      expect(String((refused as PromiseRejectedResult).reason)).toContain("Fedora 40");
      expect(String((refused as PromiseRejectedResult).reason)).toContain(SUPPORTED);
    }
  });

  test("unsupported-os-arch: another processor is refused with those that are supported", async () => {
    await machine.run(`mkdir -p /run/systemd/system/ssh.service.d
printf '[Service]\\nPersonality=x86\\n' >/run/systemd/system/ssh.service.d/fault.conf
systemctl daemon-reload; systemctl restart ssh.service`);
    const [inspection, step] = await Promise.allSettled([inspect(), onHost(hosts.host(0), greeting)]);
    await machine.run(
      "rm -r /run/systemd/system/ssh.service.d; systemctl daemon-reload; systemctl restart ssh.service",
    );
    for (const refused of [inspection, step]) {
      expect(refused).toMatchObject({ status: "rejected" });
      expect(String((refused as PromiseRejectedResult).reason)).toMatch(/i686.* is not supported.*amd64/);
    }
  });

  test("disk-full: little room under /var is refused with how much there is and must be", async () => {
    await machine.run("mount -t tmpfs -o size=64M tmpfs /var");
    const [refused] = await Promise.allSettled([inspect()]);
    await machine.run("umount /var");
    expect(String((refused as PromiseRejectedResult).reason)).toMatch(/\/var has 6\d MiB free: at least \d+ MiB/);
  });
});

describe("a host with a shell of its own taste", () => {
  test("shell-hostile: facts and steps are the same with dash, with noise in every profile, and with /tmp noexec", async () => {
    const facts = await inspect();
    await machine.run(`usermod --shell /bin/dash ${hosts.host(0).target.user}
home=/home/${hosts.host(0).target.user}
for file in "$home/.profile" "$home/.bashrc" /root/.profile /root/.bashrc /etc/profile.d/noise.sh; do
  echo 'echo "fact osId noise"; echo "claims end" >&2' >>"$file"
done
cp "$home/.profile" /etc/bash.bashrc
echo 'BASH_ENV=/etc/profile.d/noise.sh' >>/etc/environment
echo 'fact osId motd' >/etc/motd
mount -t tmpfs -o noexec tmpfs /tmp`);
    expect(await inspect()).toEqual(facts);
    expect((await onHost(hosts.host(0), greeting)).stdout).toMatch(/^(.*\n)*hello\n$/);
    await machine.run(`usermod --shell /bin/bash ${hosts.host(0).target.user}`);
    expect(await inspect()).toEqual(facts);
  });
});

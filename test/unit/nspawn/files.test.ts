import execa from "execa";
import { machineFiles, type MachineIdentity, writeFilesScript } from "../../../providers/machines/nspawn/files";

const machine: MachineIdentity = {
  name: "cp1",
  address: "10.90.0.11",
  prefixLength: 24,
  gateway: "10.90.0.1",
  user: "homelab",
  authorizedKey: "ssh-ed25519 AAAA client",
  hostKeyPublic: "ssh-ed25519 BBBB host",
  hostKeyPrivate: "-----BEGIN OPENSSH PRIVATE KEY-----\nit's secret\n-----END OPENSSH PRIVATE KEY-----",
  machineId: "0123456789abcdef0123456789abcdef",
  cgroupVersion: 1,
  aptSources: [],
};

function contentOf(path: string, of: MachineIdentity = machine): string | undefined {
  return machineFiles(of).find((file) => file.path === path)?.content;
}

test("the machine has its name, its address and its gateway", () => {
  expect(contentOf("/etc/hostname")).toBe("cp1\n");
  expect(contentOf("/etc/systemd/network/10-host0.network")).toContain("Address=10.90.0.11/24\nGateway=10.90.0.1\n");
  expect(contentOf("/etc/hosts")).toContain("10.90.0.11 cp1\n");
});

test("the private host key is for root alone, and whole to its last newline", () => {
  const key = machineFiles(machine).find((file) => file.path === "/etc/ssh/ssh_host_ed25519_key");
  expect(key).toMatchObject({ mode: "600", content: `${machine.hostKeyPrivate}\n` });
});

test("SSH takes keys only, and offers one host key", () => {
  const config = contentOf("/etc/ssh/sshd_config.d/homelab.conf");
  expect(config).toContain("PasswordAuthentication no");
  expect(config?.match(/^HostKey /gm)).toHaveLength(1);
});

test("cgroup mounts are made writable where they are v1, and left alone where they are v2", () => {
  const unit = "/etc/systemd/system/homelab-mounts.service";
  expect(contentOf(unit)).toContain("remount,bind,rw");
  expect(contentOf(unit, { ...machine, cgroupVersion: 2 })).not.toContain("remount");
  expect(contentOf(unit, { ...machine, cgroupVersion: 2 })).toContain("--make-rshared /");
});

test("apt has no sources unless some are given", () => {
  expect(contentOf("/etc/apt/sources.list")).toBe("");
  expect(contentOf("/etc/apt/sources.list", { ...machine, aptSources: ["deb http://a b c"] })).toBe(
    "deb http://a b c\n",
  );
});

test("the script is one that bash can read, whatever the values hold", async () => {
  const hostile = {
    ...machine,
    authorizedKey: "ssh-ed25519 AAAA '; touch /pwned; $(id) `id`",
    hostKeyPublic: "a\n'b'\n",
  };
  const script = writeFilesScript("/srv/a tree's", hostile);
  await expect(execa("bash", ["-n"], { input: script })).resolves.toMatchObject({ exitCode: 0 });
  expect(script).toContain(`'ssh-ed25519 AAAA '\\''; touch /pwned; $(id) \`id\`'`);
});

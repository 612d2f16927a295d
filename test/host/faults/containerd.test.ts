import { BareHosts } from "../../harness/machines/bare-hosts";
import { FaultyProxy } from "../../harness/servers/faulty-proxy";
import type { NspawnMachine } from "../../harness/machines/nspawn-machine";
import { nodeSteps } from "../../../components/node/prepare-nodes";
import { versions } from "../../../versions";

/** Faults of what is downloaded and of what is configured, tried with containerd's step on a real host. */

jest.setTimeout(10 * 60_000);

const CONFIG = "/etc/containerd/config.toml";

let hosts: BareHosts;
let machine: NspawnMachine;
let proxy: FaultyProxy;
let repositories: ReturnType<typeof nodeSteps>["repositories"];

beforeAll(async () => {
  hosts = await BareHosts.create("fld", 1, { mirror: true });
  ({ machine } = hosts.host(0));
  repositories = nodeSteps(hosts.settings).repositories;
  proxy = await FaultyProxy.create(hosts.gateway, new URL(repositories.docker.url).origin);
});

beforeEach(() => {
  proxy.requests.length = 0;
  proxy.treat = () => "pass";
});

afterAll(async () => {
  await proxy?.close();
  await hosts?.remove();
});

/** containerd's step with Docker's repository behind the proxy. */
async function install(fingerprint = repositories.docker.fingerprint) {
  const url = `${proxy.url}${new URL(repositories.docker.url).pathname}`;
  return hosts.step(hosts.host(0), "containerd", {
    settings: { repositories: { ...repositories, docker: { url, fingerprint } } },
  });
}

/** Nothing of the package is there, and no trace of a half-done installation. */
async function expectNothingInstalled(): Promise<void> {
  expect(await machine.run("ls /usr/bin/containerd /var/cache/apt/archives/*.deb 2>/dev/null || true")).toBe("");
  expect(await machine.run("dpkg --audit")).toBe("");
  expect(await machine.succeeds("dpkg -s containerd.io")).toBe(false);
}

describe("before containerd is installed", () => {
  afterEach(expectNothingInstalled);

  test("apt-key-expired/other-fpr: a repository with another key is refused, with both fingerprints", async () => {
    const pinned = "0123456789ABCDEF".repeat(3).slice(0, 40);
    const refused = install(pinned);
    await expect(refused).rejects.toThrow(
      `has the fingerprint ${repositories.docker.fingerprint}, the pinned one is ${pinned}`,
    );
    expect(await machine.run("ls /etc/apt/keyrings /etc/apt/sources.list.d")).not.toContain("homelab");
  });

  test("apt-key-expired/other-fpr: a pinned key that has expired is refused as such", async () => {
    const key = await machine.run(`export GNUPGHOME=$(mktemp -d)
gpg --batch --quiet --faked-system-time 20200101T000000 --passphrase '' --quick-gen-key lab ed25519 sign 30d 2>/dev/null
gpg --list-keys --with-colons 2>/dev/null | awk -F: '$1 == "fpr" { print $10; exit }'
gpg --export | base64 -w0`);
    const [fingerprint = "", bytes = ""] = key.split("\n");
    proxy.treat = (path) => (path.endsWith("/gpg") ? Buffer.from(bytes, "base64") : "pass");
    await expect(install(fingerprint)).rejects.toThrow(`has the fingerprint ${fingerprint} (expired)`);
  });

  test("bad-checksum: a package with one byte altered is refused", async () => {
    proxy.treat = (path) => (path.endsWith(".deb") ? "alter" : "pass");
    await expect(install()).rejects.toThrow(/Hash Sum mismatch/);
    expect(proxy.requests).toContainEqual(expect.stringMatching(/containerd\.io.*\.deb$/));
  });

  test("disk-full: a package for which there is no room left is not unpacked", async () => {
    await machine.run("mount -t tmpfs -o size=2M tmpfs /var/cache/apt/archives; mkdir /var/cache/apt/archives/partial");
    const [refused] = await Promise.allSettled([install()]);
    await machine.run("umount /var/cache/apt/archives");
    expect(String((refused as PromiseRejectedResult).reason)).toMatch(/enough free space|No space left/);
  });
});

test("truncated-download: a key and a package whose downloads are cut are fetched again, and installed", async () => {
  await machine.run("rm -f /etc/apt/keyrings/homelab-docker.gpg");
  proxy.treat = (path, count) => (/\/gpg$|\.deb$/.test(path) && count === 1 ? "cut" : "pass");
  await install();
  const asked = (pattern: RegExp) => proxy.requests.filter((path) => pattern.test(path)).length;
  expect(asked(/\/gpg$/)).toBe(2);
  expect(asked(/\.deb$/)).toBe(2);
  expect(await machine.run("containerd --version")).toContain("containerd");
});

/** What containerd's own dump says of names, by their last part. */
async function inEffect(): Promise<string> {
  return machine.run(
    `containerd config dump | grep -E '^ *(disabled_plugins|SystemdCgroup|sandbox|config_path) ' | sort -u | tr -s ' '`,
  );
}

/** True where this host's cgroups are of version 2, as the step decides it. */
const systemdCgroup = async () => (await machine.run("stat -fc %T /sys/fs/cgroup")) === "cgroup2fs";

describe("with containerd installed", () => {
  let wanted: string;

  beforeAll(async () => {
    await hosts.step(hosts.host(0), "containerd");
    wanted = await inEffect();
    expect(wanted).toContain(`SystemdCgroup = ${await systemdCgroup()}`);
    expect(wanted).toContain("sandbox = 'registry.k8s.io/pause:");
  });

  /** Puts another configuration in the place of ours, has containerd read it, and runs the step. */
  async function repaired(config: string): Promise<void> {
    await machine.run(
      `cat >${CONFIG} <<'EOF'\n${config}\nEOF\nsystemctl reset-failed containerd.service; systemctl restart containerd.service`,
    );
    expect(await inEffect()).not.toBe(wanted);
    await hosts.step(hosts.host(0), "containerd");
    expect(await inEffect()).toBe(wanted);
    expect(await machine.run("ctr plugins ls | awk '$2 == \"cri\" { print $NF }' | sort -u")).toBe("ok");
  }

  test("cri-disabled: the configuration of Docker's package is replaced, and the Kubernetes part runs", async () => {
    await repaired('disabled_plugins = ["cri"]');
  });

  test("cgroup-driver-mismatch: the other driver in a configuration of version 3 is corrected", async () => {
    const other = !(await systemdCgroup());
    await repaired(`version = 3
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = ${other}`);
  });

  test("cgroup-driver-mismatch, containerd-v1-v3-config: a configuration of containerd 1.7 is replaced", async () => {
    const other = !(await systemdCgroup());
    await repaired(`version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.8"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = ${other}`);
  });

  const UNIT = "/etc/systemd/system/containerd.service";
  const SECOND = "/usr/local/bin/containerd";
  const running = () => machine.run(`readlink /proc/$(systemctl show -p MainPID --value containerd.service)/exe`);

  test("containerd-second: a unit that starts another containerd is refused by its path, and nothing is changed", async () => {
    await machine.run(`cp /usr/bin/containerd ${SECOND}
sed 's#=/usr/bin/containerd#=${SECOND}#' /usr/lib/systemd/system/containerd.service >${UNIT}
systemctl daemon-reload; systemctl restart containerd.service`);
    const before = await machine.digest();
    await expect(hosts.step(hosts.host(0), "containerd")).rejects.toThrow(
      `another containerd is on the host: ${UNIT} starts ${SECOND}; nothing was installed`,
    );
    expect(await machine.digest()).toBe(before);
    expect(await running()).toBe(SECOND);
  });

  test("containerd-second: its process that still runs when its unit is gone makes way for the package's", async () => {
    await machine.run(`rm ${UNIT}; systemctl daemon-reload`);
    expect(await running()).toBe(SECOND);
    await hosts.step(hosts.host(0), "containerd");
    expect(await running()).toBe("/usr/bin/containerd");
    await machine.run(`rm ${SECOND}`);
  });

  test("containerd-runtimes: those of conf.d stay in effect beside those of the settings, with the right cgroup driver", async () => {
    const table = "plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.nvidia";
    const theirs = (driver: boolean) =>
      machine.run(`mkdir -p /etc/containerd/conf.d; cat >/etc/containerd/conf.d/99-nvidia.toml <<'EOF'
version = 3
[${table}]
  runtime_type = "io.containerd.runc.v2"
[${table}.options]
  BinaryName = "/usr/bin/nvidia-container-runtime"
  SystemdCgroup = ${driver}
EOF`);
    const { containerd } = nodeSteps(hosts.settings);
    const kata = { type: "io.containerd.kata.v2" };
    const step = () =>
      hosts.step(hosts.host(0), "containerd", { settings: { containerd: { ...containerd, runtimes: { kata } } } });
    await theirs(await systemdCgroup());
    await step();
    const dump = await machine.run("containerd config dump");
    expect(dump).toContain("BinaryName = '/usr/bin/nvidia-container-runtime'");
    expect(dump).toMatch(/runtimes\.kata\]\n\s+runtime_type = 'io\.containerd\.kata\.v2'/);
    expect(await inEffect()).toContain(`SystemdCgroup = ${await systemdCgroup()}`);
    await theirs(!(await systemdCgroup()));
    await expect(step()).rejects.toThrow("containerd's runtime nvidia has another cgroup driver than the kubelet");
    await machine.run("rm -r /etc/containerd/conf.d");
  });

  test.each([
    ["commands", "pause; touch /pwned; $(touch /pwned) `touch /pwned`"],
    ["apostrophes", "pause' touch /pwned; echo '"],
    ["quotation marks", 'pause" ; touch /pwned "'],
    ["newlines", "pause\ntouch /pwned\n"],
    ["other alphabets", "pause \u00e9\u202e\u4e2d"],
    ["ten kilobytes", "p".repeat(10_240)],
  ])("injection: %s in an image, a mirror, a version and a sysctl are refused or taken literally", async (_, text) => {
    const host = hosts.host(0);
    const attempts = await Promise.allSettled([
      hosts.step(host, "containerd", { settings: { containerd: { sandboxImage: text, mirrors: {} } } }),
      hosts.step(host, "containerd", {
        settings: {
          containerd: { sandboxImage: "pause", mirrors: { "docker.io": [`http://mirror.example/v2/${text}`] } },
        },
      }),
      hosts.step(host, "sysctls", { settings: { sysctls: { "net.ipv4.tcp_keepalive_time": text } } }),
      hosts.step(host, "kubernetes-packages", { settings: { kubernetesVersion: `${versions.kubernetes} ${text}` } }),
    ]);
    expect(attempts.map(({ status }) => status).slice(2)).toEqual(["rejected", "rejected"]);
    expect(await machine.run("find / -xdev -name 'pwned*' 2>/dev/null || true")).toBe("");
  });
});

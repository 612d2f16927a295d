import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { tailscaleExpected, tailscaleScript } from "../../components/addons/tailscale/step";
import { ensureBinaries } from "../../lab/build/binaries";
import { indexedPackage, packagesIndex, writeRelease } from "../../lab/packages/apt-repository";
import { buildDeb, debianArchitecture } from "../../lab/packages/deb";
import { mirrorProgramName } from "../../lab/packages/main";
import { publicKey } from "../../lab/packages/signing";
import { startedService } from "../../lab/packages/package-files";
import { FakeTailnet } from "../../lab/tailscale/service";
import { undoScript } from "../../providers/machines/metal/undo-script";
import { type LoginInputs, type LoginOutputs, tailscaleLoginDriver } from "../../providers/tailscale/login-driver";
import { stepScript } from "../../providers/host/shell/script";
import { versions } from "../../versions";
import { type BareHost, BareHosts, onHost } from "../harness/machines/bare-hosts";

jest.setTimeout(10 * 60_000);

const OAUTH = { clientId: "k123", clientSecret: "tskey-client-c4n4ry" };
const LOG = "/var/log/tailscale-fake.log";

let hosts: BareHosts;
let host: BareHost;
let service: FakeTailnet;
let packages: http.Server;
let folder: string;
let warnings: string[];

beforeAll(async () => {
  hosts = await BareHosts.create("tsc", 1, { mirror: true });
  host = hosts.host(0);
  service = await FakeTailnet.start(hosts.gateway);
  service.clients.set(OAUTH.clientId, OAUTH.clientSecret);
  folder = mkdtempSync(path.join(tmpdir(), "homelab-tailscale-"));
  await buildRepository(folder);
  packages = http.createServer(({ url = "" }, response) => {
    try {
      response.end(readFileSync(path.join(folder, decodeURIComponent(url))));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => packages.listen(0, hosts.gateway, resolve));
  await hosts.step(host, "base-packages");
});

afterAll(async () => {
  packages?.closeAllConnections();
  packages?.close();
  await service?.stop();
  await hosts?.remove();
  if (folder) rmSync(folder, { recursive: true });
});

beforeEach(() => {
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => jest.restoreAllMocks());

/** As pkgs.tailscale.com is laid out, signed with the lab's key; in the package are fakes. */
async function buildRepository(root: string): Promise<void> {
  const program = path.join(await ensureBinaries("mirror"), mirrorProgramName);
  const pool = path.join(root, "pool");
  mkdirSync(pool);
  const daemon = path.join(root, "tailscaled");
  writeFileSync(daemon, `#!/bin/bash\nexec -a "tailscaled $*" sleep infinity\n`);
  const deb = {
    name: "tailscale",
    version: versions.tailscale,
    summary: "fake",
    binaries: { "usr/bin/tailscale": path.resolve("lab/tailscale/tailscale.sh"), "usr/sbin/tailscaled": daemon },
    texts: {
      "usr/lib/systemd/system/tailscaled.service": UNIT,
      "etc/default/tailscaled": `PORT="41641"\nFLAGS=""\n`,
    },
    conffiles: ["/etc/default/tailscaled"],
    scripts: startedService("tailscaled.service"),
  };
  const index = packagesIndex([await indexedPackage(root, await buildDeb(deb, pool))]);
  const suite = path.join(root, "dists", "bookworm");
  mkdirSync(suite, { recursive: true });
  const indexes = { [`main/binary-${debianArchitecture()}/Packages`]: index };
  await writeRelease(suite, { label: "Tailscale", suite: "bookworm", components: ["main"] }, indexes, program);
  writeFileSync(path.join(root, "bookworm.noarmor.gpg"), await publicKey(program));
}

const UNIT = `[Service]
EnvironmentFile=/etc/default/tailscaled
ExecStart=/usr/sbin/tailscaled --port=\${PORT} $FLAGS
[Install]
WantedBy=multi-user.target
`;

async function install(): Promise<string> {
  const { port } = packages.address() as AddressInfo;
  const { fingerprint } = hosts.settings.mirrors.apt.kubernetes;
  const repository = { url: `http://${hosts.gateway}:${port}`, fingerprint };
  const args = { version: versions.tailscale, repository, sharedKernel: true };
  const step = { step: "tailscale", commands: tailscaleScript(args), expected: tailscaleExpected(args) };
  return (await onHost(host, stepScript({ host: host.target.name, standalone: true, ...step }), "installing Tailscale"))
    .stdout;
}

const inputs = (change: Partial<LoginInputs> = {}): LoginInputs => ({
  node: host.target,
  incarnation: "1",
  hostname: "lab-w1",
  tags: ["tag:k8s-node"],
  loginServer: service.url,
  oauth: OAUTH,
  ...change,
});
/** Each run has an id of its own in its expected state. */
const digest = async () => (await host.machine.digest()).replace(/^\S+ +\S+expected\/tailscale\.json$/m, "");
const log = () => host.machine.run(`cat ${LOG} 2>/dev/null || true`);
const daemon = () =>
  host.machine.run("systemctl is-enabled tailscaled || true; systemctl is-active tailscaled || true");

describe("Tailscale on a machine", () => {
  let joined: LoginOutputs;

  test("is installed at its exact version, runs at every boot, and a second run changes nothing", async () => {
    expect(await install()).toContain(`installed tailscale=${versions.tailscale}`);
    expect(await daemon()).toBe("enabled\nactive");
    expect(
      await host.machine.run("tr '\\0' ' ' </proc/$(pidof -s tailscaled || pgrep -f ^tailscaled)/cmdline"),
    ).toContain("--tun=userspace-networking");
    const before = await digest();
    expect(await install()).toBe("");
    expect(await digest()).toBe(before);
  });

  test("joins with a key that is in no list of processes, environment or file, and is deleted", async () => {
    const { outputs } = await tailscaleLoginDriver.create(inputs());
    joined = outputs;
    expect([...service.devices.values()]).toEqual([
      expect.objectContaining({ nodeId: joined.device, hostname: "lab-w1", tags: ["tag:k8s-node"] }),
    ]);
    expect(service.keys.size).toBe(0);
    expect(await log()).toContain("up --auth-key=file:/dev/stdin");
    expect(await log()).not.toContain("LEAK");
    expect(await filesWith("tskey-auth-")).toBe("/usr/bin/planted");
  });

  test("is not joined twice where the first run's end was not recorded", async () => {
    const { outputs } = await tailscaleLoginDriver.create(inputs());
    expect(outputs.device).toBe(joined.device);
    expect(service.devices.size).toBe(1);
  });

  test("gets another name in place", async () => {
    joined = (await tailscaleLoginDriver.update?.(joined.device, joined, inputs({ hostname: "lab-w2" }))) ?? joined;
    expect(service.devices.get(joined.device)?.hostname).toBe("lab-w2");
  });

  test("leaves the tailnet with its device, and forgets its login", async () => {
    await tailscaleLoginDriver.delete(joined.device, joined);
    expect(service.devices.size).toBe(0);
    expect(await log()).toMatch(/^logout$/m);
    expect(await daemon()).toBe("disabled\ninactive");
    expect(await host.machine.succeeds("[ -e /var/lib/tailscale/tailscaled.state ]")).toBe(false);
    expect(warnings).toEqual([]);
    await tailscaleLoginDriver.delete(joined.device, joined);
  });

  test("comes back when it is switched on again", async () => {
    await install();
    const { outputs } = await tailscaleLoginDriver.create(inputs());
    expect(await daemon()).toBe("enabled\nactive");
    expect([...service.devices.keys()]).toEqual([outputs.device]);
    await tailscaleLoginDriver.delete(outputs.device, outputs);
  });

  test("says what Tailscale says of a key that it refuses, without the key", async () => {
    await install();
    const failed = tailscaleLoginDriver.create(inputs({ authKey: "tskey-auth-c4n4ry" }));
    await expect(failed).rejects.toThrow(/tailscale up' failed: .*invalid key: \(the key\)/);
    await expect(failed).rejects.not.toThrow(/c4n4ry/);
    expect(service.devices.size).toBe(0);
  });

  test("leaves nothing on a host that leaves the inventory", async () => {
    await onHost(host, undoScript(host.target.name), "undoing");
    const left = await host.machine.run(
      "ls -d /var/lib/tailscale /etc/default/tailscaled /var/lib/homelab /etc/apt/sources.list.d/homelab-tailscale.list 2>/dev/null || true; dpkg-query -W -f '${Package}\\n' | grep tailscale || true",
    );
    expect(left).toBe("");
  });

  test("is refused on a host that is in a tailnet by another hand, before anything is changed", async () => {
    await host.machine.run(
      `printf '#!/bin/sh\\necho "{ \\\\"HaveNodeKey\\\\": true }"\\n' >/usr/local/bin/tailscale; chmod +x /usr/local/bin/tailscale`,
    );
    const before = await digest();
    await expect(install()).rejects.toThrow(/is in a tailnet already, and not by this program; nothing was changed/);
    expect(await digest()).toBe(before);
  });
});

/** Files of the host with a text in them; one is planted, so that the search is seen to find. */
async function filesWith(text: string): Promise<string> {
  return host.machine.run(`echo "${text}planted" >/usr/bin/planted
grep -rlaF -- '${text}' /etc /var /run /tmp /root /home /usr/bin /dev/shm 2>/dev/null || true
rm /usr/bin/planted`);
}

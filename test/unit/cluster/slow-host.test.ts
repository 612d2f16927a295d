import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { createServer } from "node:net";
import { load } from "js-yaml";
import { initScript } from "../../../components/cluster/init-script";
import { clusterConfig, initRegistration, joinConfig, settingsHash } from "../../../components/cluster/kubeadm-config";
import { awaitSilentNodeScript, prepareJoinScript } from "../../../providers/kubeadm/join-script";
import { parseSettings } from "../../../settings";
import { KubeadmHost } from "./kubeadm-host";

const endpoint = { host: "10.90.0.11", port: 6443 };

function clusterSettings(cluster: object = {}) {
  const nodes = [{ name: "cp1", role: "control-plane", address: endpoint.host }];
  const { settings, problems } = parseSettings({ machines: { kind: "nspawn", nodes }, cluster });
  if (!settings) throw new Error(problems.join("\n"));
  return settings.cluster;
}

/** The script of init, with no ports to wait for unless said otherwise. */
function init(cluster: object = {}, ports: number[] = []): string {
  const settings = clusterSettings(cluster);
  const config = { clusterName: "homelab", cluster: settings, endpoint, address: endpoint.host };
  return initScript({
    registration: initRegistration({
      endpoint,
      node: { name: "cp1", address: endpoint.host, taints: [], ...settings.kubeadm },
    }),
    cluster: clusterConfig(config),
    settingsHash: settingsHash(config),
    kubeletPatch: "",
    ports,
    apiSeconds: 5,
  });
}

/** What a cluster of these settings recorded on its host before this program added arguments of its own. */
function olderRecord(cluster: object = {}): string {
  const config = { clusterName: "homelab", cluster: clusterSettings(cluster), endpoint, address: endpoint.host };
  const added = /^ {4}- name: (profiling|service-account-extend-token-expiration)\n {6}value: 'false'\n/gm;
  return clusterConfig(config)
    .replace(added, "")
    .replace(/^(controllerManager|scheduler):\n {2}extraArgs:\n(?! {4}-)/gm, "$1: {}\n")
    .replace(/^ {2}extraArgs:\n(?! {4}-)/gm, "");
}

const STATE = "var/lib/homelab/kubeadm";
const ADMIN = "etc/kubernetes/admin.conf";
/** The API server answers from the moment that `kubeadm init` has written this. */
const API = `[ -s "$(dirname "$0")/../${ADMIN}" ] || exit 1`;
const INIT_WORKS = `case "$*" in
  "init --config"*) echo admin >"$(dirname "$0")/../${ADMIN}"; echo x >"$(dirname "$0")/../etc/kubernetes/super-admin.conf"
    echo x >"$(dirname "$0")/../var/lib/kubelet/config.yaml" ;;
esac`;

let host: KubeadmHost;
beforeEach(() => {
  host = new KubeadmHost();
  host.program("kubectl", API);
  host.program("kubeadm", INIT_WORKS);
  host.program("systemctl", `[ "$1" != is-active ] || echo active`);
});
afterEach(() => host.remove());

/** The verbs of kubeadm among the calls. */
const verbs = (calls: string[]) =>
  calls.filter((call) => /^kubeadm (init --config|reset)/.test(call)).map((call) => call.split(" ")[1]);

test("slow-host: kubeadm waits longer than by its own defaults, and as long as the settings say", () => {
  const timeouts = (cluster?: object) => {
    const node = { name: "cp1", address: endpoint.host, taints: [], ...clusterSettings(cluster).kubeadm };
    const [registration, join] = [load(initRegistration({ endpoint, node })), joinConfig(node)];
    expect((registration as typeof join).timeouts).toEqual(join.timeouts);
    return join.timeouts;
  };
  expect(timeouts()).toEqual({
    controlPlaneComponentHealthCheck: "10m",
    discovery: "10m",
    etcdAPICall: "5m",
    kubeletHealthCheck: "10m",
    kubernetesAPICall: "5m",
    tlsBootstrap: "10m",
  });
  expect(timeouts({ kubeadm: { timeouts: { kubernetesAPICall: "1h30m" } } })).toMatchObject({
    kubernetesAPICall: "1h30m",
    etcdAPICall: "5m",
  });
});

test("slow-host: an init that failed is taken back until nothing runs and its ports are free, then it is begun again", async () => {
  const listener = await listen();
  host.program("kubeadm", "exit 1");
  expect(host.run(init()).stderr).toContain("run pulumi up again: it takes back what is there and begins again");
  expect(host.has(`${STATE}/started`)).toBe(true);

  // Slow: a pod is still there after the first call, and the port is held until the second.
  host.program(
    "crictl",
    `calls=$(grep -c "crictl.*rmp" "$(dirname "$0")/../calls")
[ "$calls" -lt 2 ] || kill ${listener.pid} 2>/dev/null
case "$*" in *ps*) [ "$calls" -gt 1 ] || echo 4f1 ;; esac`,
  );
  host.program("kubeadm", INIT_WORKS);
  const { status, stderr, calls } = host.run(init({}, [listener.port]));
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(calls.filter((call) => call.includes(" rmp "))).toHaveLength(2);
  expect(calls.indexOf("systemctl stop kubelet.service")).toBeLessThan(
    calls.findIndex((call) => call.includes(" rmp ")),
  );
  expect(verbs(calls)).toEqual(["reset", "init"]);
  expect(host.has(`${STATE}/completed`)).toBe(true);
});

test("slow-host: pods that the container runtime can't end are killed, and it is started again", () => {
  host.write(`${STATE}/started`);
  host.program("crictl", `case "$*" in *ps*) echo 4f1 ;; esac`);
  const { status, calls } = host.run(init());
  expect(status).toBe(0);
  expect(calls.slice(calls.indexOf("kill_pods")).slice(0, 2)).toEqual([
    "kill_pods",
    "systemctl restart containerd.service",
  ]);
  expect(verbs(calls)).toEqual(["reset", "init"]);
});

test("slow-host: what keeps a port is named, and kubeadm does not run against it", async () => {
  const listener = await listen();
  host.write(`${STATE}/started`);
  const { status, stderr, calls } = host.run(init({}, [listener.port]));
  process.kill(listener.pid);
  expect(status).toBe(1);
  expect(stderr).toContain(`ports of the node are still in use: ${listener.port} by node (process ${listener.pid})`);
  expect(verbs(calls)).toEqual(["reset"]);
});

test("slow-host: an init whose API server answers is finished; where that fails, it is begun again", () => {
  const begun = () => {
    for (const file of ["started", "completed"]) host.run(`rm -f /${STATE}/${file}`);
    host.write(`${STATE}/started`);
    host.write(ADMIN, "admin");
  };
  host.run(init());
  begun();
  expect(verbs(host.run(init()).calls)).toEqual([]);
  expect(host.has(`${STATE}/completed`)).toBe(true);

  begun();
  host.program("kubeadm", `case "$*" in "init phase mark"*) exit 1 ;; esac\n${INIT_WORKS}`);
  const { status, calls } = host.run(init());
  expect({ status, verbs: verbs(calls) }).toEqual({ status: 0, verbs: ["reset", "init"] });
});

test("slow-host: an init that failed with other settings is not finished with them", () => {
  host.write(`${STATE}/started`);
  host.write(ADMIN, "admin");
  host.write(`${STATE}/cluster.yaml`, "other");
  const { status, calls } = host.run(init());
  expect({ status, verbs: verbs(calls) }).toEqual({ status: 0, verbs: ["reset", "init"] });
});

test("slow-host: a join that failed is taken back until its ports are free", async () => {
  const api = createServer().listen(0, "127.0.0.1");
  await once(api, "listening");
  const address = api.address() as { port: number };
  host.write(`${STATE}/joining`);
  host.program(
    "crictl",
    `case "$*" in *ps*) [ -e "$0.done" ] || echo 4f1 ;; *) [ ! -e "$0.once" ] || touch "$0.done"; touch "$0.once" ;; esac`,
  );
  const script = prepareJoinScript({ endpoint: `127.0.0.1:${address.port}`, cluster: "c1", known: true });
  const { status, stdout, calls } = host.run(script.replace(/^ports=.*$/m, "ports=1"));
  api.close();
  expect({ status, stdout, verbs: verbs(calls) }).toEqual({ status: 0, stdout: "", verbs: ["reset"] });
  expect(calls.filter((call) => call.includes(" rmp "))).toHaveLength(2);
});

test("slow-host: a node that a failed join has left Ready is waited for, and another host's is refused", () => {
  host.program("kubectl", `[ "$(grep -c kubectl "$(dirname "$0")/../calls")" -gt 2 ] && echo Unknown || echo True`);
  expect(host.run(awaitSilentNodeScript("w1"))).toMatchObject({ status: 0, stderr: "" });
  host.program("kubectl", "echo True");
  const { status, stderr } = host.run(awaitSilentNodeScript("w1"));
  expect(status).toBe(1);
  expect(stderr).toContain("the cluster has a node w1 that is Ready, and it is not this host");
});

test("a node that has joined is left as it is", () => {
  host.write(`${STATE}/joined`, "c1\n");
  host.write("etc/kubernetes/kubelet.conf", "x");
  const { stdout, calls } = host.run(prepareJoinScript({ endpoint: "192.0.2.1:1", cluster: "c1", known: true }));
  expect({ stdout, calls }).toEqual({ stdout: "joined\n", calls: ["systemctl start kubelet"] });
});

describe("a cluster that is complete", () => {
  beforeEach(() => {
    host.run(init());
    expect(host.has(`${STATE}/completed`)).toBe(true);
  });

  test("has no super-admin.conf any more, and a configuration of the kubelet that only root reads", () => {
    expect(host.has("etc/kubernetes/super-admin.conf")).toBe(false);
    expect((statSync(host.at("var/lib/kubelet/config.yaml")).mode & 0o777).toString(8)).toBe("600");
  });

  test("loses super-admin.conf by the next run, where an earlier version has left it", () => {
    host.write("etc/kubernetes/super-admin.conf");
    host.write(`${STATE}/cluster.yaml`, olderRecord());
    expect(host.run(init())).toMatchObject({ status: 0, stderr: "" });
    expect(host.has("etc/kubernetes/super-admin.conf")).toBe(false);
  });

  test("takes no other settings, whichever version made it", () => {
    const other = init({ certSANs: ["api.home"] });
    const refusal = expect.stringMatching(/\+ {4}- api.home\n.*can't be changed in place yet/s) as string;
    expect(host.run(other)).toMatchObject({ status: 1, stderr: refusal });
    host.write(`${STATE}/cluster.yaml`, olderRecord());
    expect(host.run(other)).toMatchObject({ status: 1, stderr: refusal });
  });
});

/** A process of its own that listens on a port. */
async function listen(): Promise<{ pid: number; port: number }> {
  const program = "const s=require('net').createServer().listen(0,()=>console.log(s.address().port))";
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return { pid: child.pid ?? 0, port: Number(port) };
}

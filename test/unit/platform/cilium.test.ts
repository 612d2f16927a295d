import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ciliumValues } from "../../../components/addons/cilium/cilium";
import { ciliumChecksScript } from "../../../components/addons/cilium/scripts";
import { mergeValues, type Values } from "../../../components/addons/values";
import { parseSettings } from "../../../settings";
import { libraryText } from "../../../providers/host/shell/library";
import { stepScript } from "../../../providers/host/shell/script";
import { settingsIn } from "../settings/stack-file";

function settings(change: Values = {}) {
  const raw = settingsIn("Pulumi.lab.yaml");
  const parsed = parseSettings(mergeValues(raw, { addons: { cilium: change } }));
  if (!parsed.settings) throw new Error(parsed.problems.join("\n"));
  return parsed.settings.addons.cilium;
}

const endpoint = { host: "10.90.0.11", port: 6443 };
const cluster = { endpoint, nodeCount: 3 };
const values = (change: Values = {}) => ciliumValues({ settings: settings(change), ...cluster });

test("cilium-no-api-host: it is derived from the endpoint of the control plane, for there is no kube-proxy to reach it by", () => {
  expect(values()).toMatchObject({ k8sServiceHost: "10.90.0.11", k8sServicePort: 6443 });
});

test("the operator has no more replicas than there are nodes", () => {
  expect(values()).toMatchObject({ operator: { replicas: 2 } });
  expect(ciliumValues({ settings: settings(), ...cluster, nodeCount: 1 })).toMatchObject({ operator: { replicas: 1 } });
});

test("metrics and MTU are there where they are asked for", () => {
  expect(values()).not.toHaveProperty("MTU");
  expect(values()).not.toHaveProperty(["hubble", "metrics"]);
  const asked = values({ mtu: 1400, hubble: { metrics: true } });
  expect(asked).toMatchObject({
    MTU: 1400,
    hubble: { metrics: { enabled: ["dns", "drop", "tcp", "flow", "icmp", "port-distribution"] } },
  });
});

describe("in a preview's diff", () => {
  /** The lines that a change of the values adds. */
  function added(change: Values): string[] {
    const lines = (given: Values) => ciliumChecksScript(mergeValues(values(), given)).split("\n");
    const before = new Set(lines({}));
    return lines(change).filter((line) => !before.has(line));
  }

  test.each<[string, Values, RegExp]>([
    ["MTU", { MTU: 1400 }, /= 1400: pods keep the old MTU/],
    [
      "routingMode",
      { routingMode: "native" },
      /= "native": pods on different nodes don't reach each other until .*break/,
    ],
    ["tunnelProtocol", { tunnelProtocol: "geneve" }, /= "geneve": pods on different nodes don't reach/],
    ["tunnelPort", { tunnelPort: 8473 }, /= 8473: pods on different nodes .*firewalls must let the new port/],
    ["underlayProtocol", { underlayProtocol: "ipv6" }, /= "ipv6": pods on different nodes don't reach/],
    ["kubeProxyReplacement", { kubeProxyReplacement: false }, /= false: services stop answering/],
    ["bpf.datapathMode", { bpf: { datapathMode: "netkit" } }, /= "netkit": Cilium doesn't start beside pods/],
    ["bpf.tproxy", { bpf: { tproxy: true } }, /= true: connections that go through Cilium's proxy break/],
    ["bpf.hostLegacyRouting", { bpf: { hostLegacyRouting: true } }, /= true: packets .* another way through the host/],
    ["bpf.mapDynamicSizeRatio", { bpf: { mapDynamicSizeRatio: 0.01 } }, /= 0.01: tables of connections are recreated/],
    ["bpf.distributedLRU.enabled", { bpf: { distributedLRU: { enabled: true } } }, /= true: tables of connections are/],
    ["bpf.masquerade", { bpf: { masquerade: true } }, /= true: connections from pods out of the cluster break/],
    ["endpointRoutes.enabled", { endpointRoutes: { enabled: true } }, /= true: routes to pods are recreated/],
    ["ipv6.enabled", { ipv6: { enabled: true } }, /= true: agents don't start on nodes without an IPv6 subnet/],
    [
      "bandwidthManager.enabled",
      { bandwidthManager: { enabled: true } },
      /= true: queues of the nodes' network devices/,
    ],
    ["hostFirewall.enabled", { hostFirewall: { enabled: true } }, /= true: policies for nodes take effect, or end/],
    ["loadBalancer.mode", { loadBalancer: { mode: "dsr" } }, /= "dsr": connections from outside to services break/],
    [
      "loadBalancer.algorithm",
      { loadBalancer: { algorithm: "maglev" } },
      /= "maglev": connections .* reach other pods/,
    ],
    [
      "loadBalancer.acceleration",
      { loadBalancer: { acceleration: "native" } },
      /= "native": network devices may go down/,
    ],
    ["nodePort.range", { nodePort: { range: "30000,31000" } }, /= "30000,31000": connections from outside to services/],
    ["encryption.enabled", { encryption: { enabled: true } }, /= true: pods on different nodes don't reach/],
    [
      "encryption.nodeEncryption",
      { encryption: { nodeEncryption: true } },
      /= true: nodes that are not control planes/,
    ],
    [
      "egressGateway.enabled",
      { egressGateway: { enabled: true } },
      /= true: what a gateway sends out .* another source/,
    ],
    ["ipMasqAgent.enabled", { ipMasqAgent: { enabled: true } }, /= true: what leaves .* another source address/],
    ["k8sServiceHost", { k8sServiceHost: "10.0.0.9" }, /= "10.0.0.9": an agent that doesn't reach the API server/],
    ["k8sServicePort", { k8sServicePort: 7443 }, /= 7443: an agent that doesn't reach the API server/],
    ["cleanBpfState", { cleanBpfState: true }, /= true: while it is true, connections to services break/],
    ["cleanState", { cleanState: true }, /= true: while it is true, an agent that starts forgets its pods/],
  ])("%s is there with what its change disrupts, in one line", (name, change, effect) => {
    const [line, ...others] = added(change);
    expect(line?.startsWith(`# ${name} = `)).toBe(true);
    expect(line).toMatch(effect);
    expect(others).toEqual([]);
  });

  test("a value that nothing is known of shows all the same, wherever it is", () => {
    const unlisted = "Cilium's documentation says what a change of it does to running traffic";
    const change = { bpf: { vlanBypass: [0] }, extraConfig: { "enable-x.y": "true" }, l7Proxy: false };
    expect(added(change)).toEqual([
      `# bpf.vlanBypass = [0]: ${unlisted}`,
      `# extraConfig."enable-x.y" = "true": ${unlisted}`,
      `# l7Proxy = false: ${unlisted}`,
    ]);
  });

  test("what observes, and how agents are run, is no change of the datapath", () => {
    expect(added({ operator: { replicas: 1 }, hubble: { ui: { enabled: true } }, resources: { limits: {} } })).toEqual(
      [],
    );
  });

  test("the order in which values are written doesn't show, and a value that goes takes its line along", () => {
    const script = (bpf: Values) => ciliumChecksScript({ bpf });
    expect(script({ tproxy: true, natMax: 1 })).toBe(script({ natMax: 1, tproxy: true }));
    expect(script({ tproxy: true })).not.toContain("natMax");
  });

  test("no key is in it", () => {
    const clusters = [{ name: "west", tls: { key: "SECRET" } }];
    const lines = ciliumChecksScript({
      tls: { ca: { key: "SECRET" } },
      clustermesh: { config: { clusters }, apiserver: { tls: { ca: { key: "SECRET" } } } },
      kubeProxyReplacement: false,
    });
    expect(lines).toContain('# clustermesh.config.clusters = [{"name":"west"}]: ');
    expect(lines).not.toMatch(/SECRET/);
  });
});

test("a value can't leave its comment", () => {
  const evil = 'a\n"; touch /pwned; $(touch /pwned)\u2028touch /pwned';
  const script = ciliumChecksScript({ devices: evil, kubeProxyReplacement: false });
  expect(script.split("\n").filter((line) => line !== "" && !line.startsWith("# "))).toEqual([]);
});

describe("beside a kube-proxy", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "cilium-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** With a kubectl that prints this, and ends so. */
  function check(printed: string, status: number, change: Values = {}) {
    writeFileSync(path.join(folder, "kubectl"), `#!/bin/sh\nprintf '${printed}'\nexit ${status}\n`);
    chmodSync(path.join(folder, "kubectl"), 0o755);
    const commands = ciliumChecksScript(mergeValues({ kubeProxyReplacement: true }, change));
    const input = ["set -euo pipefail", "host=cp1 step=test", libraryText(), `PATH=${folder}:$PATH`, commands].join(
      "\n",
    );
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    return spawnSync("bash", ["-s"], { input, encoding: "utf8", env });
  }

  test("Cilium is not installed, and the message says what to do", () => {
    const { status, stderr } = check("daemonset.apps/kube-proxy\\n", 0);
    expect(status).toBe(1);
    expect(stderr).toContain("daemonset.apps/kube-proxy\ncp1: test: there is a kube-proxy");
    expect(stderr).toContain("delete daemonset/kube-proxy");
  });

  test("an API that doesn't answer is not taken for a cluster without one", () => {
    expect(check("", 1).stderr).toContain("can't be asked for a kube-proxy");
  });

  test("there is nothing to refuse where there is none, or where Cilium leaves its work to it", () => {
    expect(check("", 0)).toMatchObject({ status: 0, stderr: "" });
    expect(check("daemonset.apps/kube-proxy\\n", 0, { kubeProxyReplacement: false })).toMatchObject({ status: 0 });
  });
});

test("the script is correct bash", () => {
  const script = stepScript({ host: "cp1", step: "cilium-checks", commands: ciliumChecksScript(values()) });
  expect(spawnSync("bash", ["-n"], { input: script, encoding: "utf8" }).stderr).toBe("");
});

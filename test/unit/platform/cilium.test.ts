import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ciliumValues } from "../../../components/platform/cilium";
import { ciliumChecksScript } from "../../../components/platform/cilium-checks";
import { mergeValues, type Values } from "../../../components/platform/values";
import { parseSettings } from "../../../settings";
import { stepScript } from "../../../shell/script";
import { settingsIn } from "../settings/stack-file";

function settings(change: Values = {}) {
  const raw = settingsIn("Pulumi.lab.yaml");
  const parsed = parseSettings(mergeValues(raw, { addons: { cilium: change } }));
  if (!parsed.settings) throw new Error(parsed.problems.join("\n"));
  return parsed.settings.addons.cilium;
}

const endpoint = { host: "10.90.0.11", port: 6443 };
const cluster = { endpoint, nodeCount: 3, proxiesInPods: false };
const values = (change: Values = {}) => ciliumValues({ settings: settings(change), ...cluster });

test("cilium-no-api-host: it is derived from the endpoint of the control plane, for there is no kube-proxy to reach it by", () => {
  expect(values()).toMatchObject({ k8sServiceHost: "10.90.0.11", k8sServicePort: 6443 });
});

test("the operator has no more replicas than there are nodes", () => {
  expect(values()).toMatchObject({ operator: { replicas: 2 } });
  expect(ciliumValues({ settings: settings(), ...cluster, nodeCount: 1 })).toMatchObject({ operator: { replicas: 1 } });
});

test("beside Tailscale's operator sockets in pods are left alone, whatever the values file says", () => {
  expect(values()).not.toHaveProperty("socketLB");
  const file = { socketLB: { enabled: true, hostNamespaceOnly: false } };
  const beside = ciliumValues({ settings: settings(), ...cluster, proxiesInPods: true });
  expect(mergeValues(file, beside).socketLB).toEqual({ enabled: true, hostNamespaceOnly: true });
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

test("a change of the datapath shows in a preview's diff, with what it disrupts, and other changes don't", () => {
  const lines = (change: Values) => ciliumChecksScript(mergeValues(values(), change)).split("\n");
  const changed = (change: Values) => {
    const before = new Set(lines({}));
    return lines(change).filter((line) => !before.has(line));
  };
  expect(changed({ MTU: 1400 })).toEqual([expect.stringMatching(/^# MTU = 1400: pods keep the old MTU until/)]);
  expect(changed({ routingMode: "native" })).toEqual([expect.stringContaining('# routingMode = "native": pods on')]);
  expect(changed({ operator: { replicas: 1 } })).toEqual([]);
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
    const input = ["set -euo pipefail", 'die() { echo "$1; $2" >&2; exit 1; }', commands].join("\n");
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    return spawnSync("bash", ["-s"], { input, encoding: "utf8", env });
  }

  test("Cilium is not installed, and the message says what to do", () => {
    const { status, stderr } = check("daemonset.apps/kube-proxy\\n", 0);
    expect(status).toBe(1);
    expect(stderr).toContain("daemonset.apps/kube-proxy\nthere is a kube-proxy");
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

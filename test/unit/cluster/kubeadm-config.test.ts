import { loadAll } from "js-yaml";
import {
  clusterConfig,
  initRegistration,
  joinConfig,
  kubeletPatch,
  registrationTaints,
} from "../../../components/cluster/kubeadm-config";
import { parseSettings } from "../../../settings";
import { versions } from "../../../versions";

const endpoint = { host: "k8s.example.org", port: 6443 };

function settings(cluster: object = {}) {
  const nodes = [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }];
  const parsed = parseSettings({ machines: { kind: "nspawn", nodes }, cluster });
  if (!parsed.settings) throw new Error(parsed.problems.join("\n"));
  return parsed.settings.cluster;
}

const documents = (text: string) => loadAll(text) as Record<string, unknown>[];
const node = {
  name: "cp1",
  address: "10.90.0.11",
  taints: [],
  ...settings({ kubeadm: { ignorePreflightErrors: ["SystemVerification"], timeouts: { discovery: "30m" } } }).kubeadm,
};

test("kubeadm init registers the node under its own name and address, and leaves kube-proxy out", () => {
  const [init] = documents(initRegistration({ endpoint, node }));
  expect(init).toMatchObject({
    apiVersion: "kubeadm.k8s.io/v1beta4",
    kind: "InitConfiguration",
    localAPIEndpoint: { advertiseAddress: "10.90.0.11", bindPort: 6443 },
    nodeRegistration: {
      name: "cp1",
      kubeletExtraArgs: [{ name: "node-ip", value: "10.90.0.11" }],
      taints: [],
      ignorePreflightErrors: ["SystemVerification"],
    },
    skipPhases: ["addon/kube-proxy"],
  });
});

test("the cluster's configuration has the settings' networks, names and versions", () => {
  const [cluster] = documents(
    clusterConfig({
      clusterName: "homelab",
      cluster: settings({ certSANs: ["api.home"], podSubnet: "10.1.0.0/16", serviceSubnet: "10.2.0.0/16" }),
      endpoint,
      address: "10.90.0.11",
    }),
  );
  expect(cluster).toMatchObject({
    kind: "ClusterConfiguration",
    kubernetesVersion: `v${versions.kubernetes}`,
    controlPlaneEndpoint: "k8s.example.org:6443",
    networking: { podSubnet: "10.1.0.0/16", serviceSubnet: "10.2.0.0/16", dnsDomain: "cluster.local" },
    apiServer: { certSANs: ["k8s.example.org", "10.90.0.11", "api.home"] },
    proxy: { disabled: true },
  });
});

/** Of what the program adds by itself. */
const PROFILING = [{ name: "profiling", value: "false" }];

test("arguments are named and sorted, and feature gates reach every component and the kubelets", () => {
  const cluster = settings({
    apiServer: { extraArgs: { "audit-log-maxage": "7", "anonymous-auth": "false" } },
    featureGates: { InPlacePodVerticalScaling: true },
  });
  const [config, kubelet] = documents(clusterConfig({ clusterName: "c", cluster, endpoint, address: "10.90.0.11" }));
  expect(config).toMatchObject({
    apiServer: {
      extraArgs: [
        { name: "anonymous-auth", value: "false" },
        { name: "audit-log-maxage", value: "7" },
        { name: "feature-gates", value: "InPlacePodVerticalScaling=true" },
        ...PROFILING,
        { name: "service-account-extend-token-expiration", value: "false" },
      ],
    },
    scheduler: { extraArgs: [{ name: "feature-gates", value: "InPlacePodVerticalScaling=true" }, ...PROFILING] },
  });
  expect(kubelet).toMatchObject({ featureGates: { InPlacePodVerticalScaling: true } });
});

test("what the program adds for hardening gives way to the settings", () => {
  const cluster = settings({ scheduler: { extraArgs: { profiling: "true" } } });
  const [config] = documents(clusterConfig({ clusterName: "c", cluster, endpoint, address: "10.90.0.11" }));
  expect(config).toMatchObject({
    controllerManager: { extraArgs: PROFILING },
    scheduler: { extraArgs: [{ name: "profiling", value: "true" }] },
  });
});

test("the order of the settings' keys doesn't change the text", () => {
  const text = (extraArgs: Record<string, string>) =>
    clusterConfig({
      clusterName: "c",
      cluster: settings({ apiServer: { extraArgs } }),
      endpoint,
      address: "10.90.0.11",
    });
  expect(text({ v: "2", profiling: "false" })).toBe(text({ profiling: "false", v: "2" }));
});

test("a control plane registers with its taint, a worker with the inventory's", () => {
  const taints = [{ key: "gpu", value: "yes", effect: "NoSchedule" as const }];
  expect(registrationTaints({ role: "worker", taints })).toEqual(taints);
  expect(registrationTaints({ role: "control-plane", taints })).toEqual([
    { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
  ]);
});

test("a join's stored configuration has no discovery: the token is made when it is used", () => {
  expect(joinConfig(node)).not.toHaveProperty("discovery");
});

test("kubelet settings of one node are a patch, and none are none", () => {
  expect(kubeletPatch({ kubelet: {} })).toBe("");
  expect(documents(kubeletPatch({ kubelet: { maxPods: 50 } }))).toEqual([{ maxPods: 50 }]);
});

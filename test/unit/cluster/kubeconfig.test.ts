import { load } from "js-yaml";
import { kubeconfig, namedKubeconfig } from "../../../components/cluster/kubeconfig";

/** As kubeadm writes it for every cluster of this program. */
const ADMIN = `apiVersion: v1
clusters:
- cluster: { certificate-authority-data: QQ==, server: "https://10.0.0.1:6443" }
  name: homelab
contexts:
- context: { cluster: homelab, user: kubernetes-admin }
  name: kubernetes-admin@homelab
current-context: kubernetes-admin@homelab
kind: Config
users:
- name: kubernetes-admin
  user: { client-certificate-data: QUE=, client-key-data: QUI= }
`;

test("the kubeconfig has the endpoint as its server and nothing else changed", () => {
  expect(kubeconfig(undefined, "k8s.example.org", 443)).toBe("");
  const expected = load(ADMIN.replace("10.0.0.1:6443", "k8s.example.org:443"));
  expect(load(kubeconfig(`welcome to the host\n${ADMIN}`, "k8s.example.org", 443))).toEqual(expected);
});

test("context-names: cluster, user and context carry the stack's name, and nothing else changes", () => {
  expect(load(namedKubeconfig(ADMIN, "homelab-metal"))).toEqual({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "homelab-metal", cluster: { "certificate-authority-data": "QQ==", server: "https://10.0.0.1:6443" } },
    ],
    contexts: [{ name: "homelab-metal", context: { cluster: "homelab-metal", user: "homelab-metal-admin" } }],
    "current-context": "homelab-metal",
    users: [{ name: "homelab-metal-admin", user: { "client-certificate-data": "QUE=", "client-key-data": "QUI=" } }],
  });
});

test("context-names: a stack without a cluster has no kubeconfig", () => {
  expect(namedKubeconfig("", "homelab-metal")).toBe("");
});

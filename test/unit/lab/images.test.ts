import * as fs from "node:fs";
import { images } from "../../../lab/packages/images";
import { checkImage, sandboxImage, versions } from "../../../versions";

const sources = {
  kubernetes: "/k",
  etcd: "/e",
  coredns: "/d",
  pause: "/p",
  cni: "/c",
  cilium: "/l",
  debian: "/b",
};

test("the images are those that kubeadm and Cilium's chart name", () => {
  expect(images(sources).map(({ reference }) => reference)).toEqual([
    `registry.k8s.io/kube-apiserver:v${versions.kubernetes}`,
    `registry.k8s.io/kube-controller-manager:v${versions.kubernetes}`,
    `registry.k8s.io/kube-scheduler:v${versions.kubernetes}`,
    `registry.k8s.io/etcd:${versions.etcd}`,
    `registry.k8s.io/coredns/coredns:${versions.coredns}`,
    sandboxImage,
    "quay.io/cilium/cilium:v1.20.2",
    "quay.io/cilium/operator-generic:v1.20.2",
    "quay.io/cilium/hubble-relay:v1.20.2",
    checkImage,
  ]);
});

test("the sample app of examples/gitops runs an image of the mirror", () => {
  const app = fs.readFileSync("examples/gitops/apps/hello/hello.yaml", "utf8");
  const [, image] = /^ *image: (.*)$/m.exec(app) ?? [];
  expect(images(sources).map(({ reference }) => reference)).toContain(image);
});

test("what the init containers of Cilium's chart call is in its image", () => {
  const agent = images(sources).find(({ reference }) => reference.startsWith("quay.io/cilium/cilium:"));
  const paths = (agent?.layers ?? []).flatMap((layer) => ("entries" in layer ? layer.entries : [])).map((e) => e.path);
  expect(paths).toEqual(
    expect.arrayContaining([
      "/usr/bin/cilium-agent",
      "/usr/bin/cilium-dbg",
      "/usr/bin/cilium-mount",
      "/usr/bin/cilium-sysctlfix",
      "/usr/bin/cilium-health-responder",
      "/install-plugin.sh",
      "/init-container.sh",
      "/cni-uninstall.sh",
      "/opt/cni/bin/cilium-cni",
      "/cni/loopback",
      "/var/lib/cilium/bpf",
    ]),
  );
});

test("no image has the same path twice", () => {
  for (const image of images(sources)) {
    const paths = image.layers.flatMap((layer) => ("entries" in layer ? layer.entries : [])).map((entry) => entry.path);
    expect([image.reference, paths.length]).toEqual([image.reference, new Set(paths).size]);
  }
});

import * as path from "node:path";

import { versions } from "../../versions";
import { labVersions } from "../build/versions";
import { debianBase } from "./debian-base";

/** One thing of an image's layer: see `entrySpec` in lab/mirror/image.go. */
export type Entry =
  | { readonly path: string; readonly file: string; readonly mode?: number }
  | { readonly path: string; readonly tree: string }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly text: string; readonly mode?: number }
  | { readonly path: string; readonly mode?: number };

/** An image as the packing tool reads it: see `imageSpec` there. */
export interface Image {
  readonly reference: string;
  readonly layers: readonly ({ readonly packed: string } | { readonly entries: readonly Entry[] })[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly user?: string;
  readonly directory?: string;
  readonly env?: readonly string[];
}

/** Folders of what the images are made of. */
export interface ImageSources {
  readonly kubernetes: string;
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
  readonly cni: string;
  readonly cilium: string;
  /** Result of `ensureDebianBase`. */
  readonly debian: string;
}

/** The image that tests run in pods: a shell, wget, nslookup and httpd, from Debian's busybox-static. */
export const testImage = "lab.homelab/busybox:1.36";

/** Users as in distroless images, so that a number has a name and a home. */
const accounts: readonly Entry[] = [
  {
    path: "/etc/passwd",
    text: "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
  },
  { path: "/etc/group", text: "root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n" },
  { path: "/tmp", mode: 0o1777 },
];

const trusted = (debian: string): Entry => ({
  path: "/etc/ssl/certs/ca-certificates.crt",
  file: path.join(debian, debianBase.certificates),
  mode: 0o644,
});

/** Every image of the lab, with upstream's names, paths, users and entry points. */
export function images(sources: ImageSources): Image[] {
  return [...kubernetesImages(sources), ...ciliumImages(sources), busyboxImage(sources)];
}

function kubernetesImages(sources: ImageSources): Image[] {
  const components = ["kube-apiserver", "kube-controller-manager", "kube-scheduler"].map((name): Image => {
    const inside = `/usr/local/bin/${name}`;
    const entries = [...accounts, trusted(sources.debian), { path: inside, file: path.join(sources.kubernetes, name) }];
    return {
      reference: `registry.k8s.io/${name}:v${versions.kubernetes}`,
      layers: [{ entries }],
      entrypoint: [inside],
    };
  });
  const etcd = ["etcd", "etcdctl"].map((name) => ({
    path: `/usr/local/bin/${name}`,
    file: path.join(sources.etcd, name),
  }));
  return [
    ...components,
    {
      reference: `registry.k8s.io/etcd:${versions.etcd}`,
      layers: [{ entries: [...accounts, ...etcd] }],
      command: ["etcd"],
    },
    {
      reference: `registry.k8s.io/coredns/coredns:${versions.coredns}`,
      layers: [
        {
          entries: [
            ...accounts,
            trusted(sources.debian),
            { path: "/coredns", file: path.join(sources.coredns, "coredns") },
          ],
        },
      ],
      entrypoint: ["/coredns"],
      user: "nonroot:nonroot",
      directory: "/",
    },
    {
      reference: `registry.k8s.io/pause:${versions.pause}`,
      layers: [{ entries: [{ path: "/pause", file: path.join(sources.pause, "pause") }] }],
      entrypoint: ["/pause"],
      user: "65535:65535",
    },
  ];
}

function ciliumImages(sources: ImageSources): Image[] {
  const from = (name: string): string => path.join(sources.cilium, name);
  const program = (name: string): Entry => ({ path: `/usr/bin/${name}`, file: from(name) });
  const agent: Entry[] = [
    ...["cilium-agent", "cilium-dbg", "cilium-health-responder", "cilium-mount", "cilium-sysctlfix", "hubble"].map(
      program,
    ),
    // Upstream's name before 1.15, which the chart's older probes and people's habits still call.
    { path: "/usr/bin/cilium", link: "cilium-dbg" },
    { path: "/opt/cni/bin/cilium-cni", file: from("cilium-cni") },
    { path: "/cni/loopback", file: path.join(sources.cni, "loopback") },
    ...["init-container.sh", "install-plugin.sh", "cni-uninstall.sh"].map((n): Entry => ({
      path: `/${n}`,
      file: from(n),
    })),
    { path: "/var/lib/cilium/bpf", tree: from("bpf") },
    { path: "/home/cilium" },
  ];
  const certificates = [...accounts, trusted(sources.debian)];
  return [
    {
      reference: `quay.io/cilium/cilium:v${labVersions.cilium}`,
      layers: [{ packed: path.join(sources.debian, debianBase.layer) }, { entries: agent }],
      command: ["/usr/bin/cilium-dbg"],
      directory: "/home/cilium",
      env: ["HUBBLE_SERVER=unix:///var/run/cilium/hubble.sock", "INITSYSTEM=SYSTEMD"],
    },
    {
      reference: `quay.io/cilium/operator-generic:v${labVersions.cilium}`,
      layers: [{ entries: [...certificates, { path: "/home/gops", mode: 0o777 }, program("cilium-operator-generic")] }],
      command: ["/usr/bin/cilium-operator-generic"],
      directory: "/",
      env: ["GOPS_CONFIG_DIR=/home/gops"],
    },
    {
      reference: `quay.io/cilium/hubble-relay:v${labVersions.cilium}`,
      layers: [{ entries: [...certificates, program("hubble-relay")] }],
      entrypoint: ["/usr/bin/hubble-relay"],
      command: ["serve"],
      user: "65532:65532",
      directory: "/tmp",
      env: ["GOPS_CONFIG_DIR=/tmp"],
    },
  ];
}

/** busybox as Docker's official image has it: every applet is a link in /bin. */
function busyboxImage(sources: ImageSources): Image {
  const applets = [
    "awk",
    "cat",
    "cp",
    "date",
    "df",
    "dd",
    "echo",
    "env",
    "false",
    "find",
    "grep",
    "head",
    "hostname",
  ].concat(
    ["httpd", "id", "ip", "kill", "ln", "ls", "mkdir", "mv", "nc", "nslookup", "ping", "ps", "rm", "sed", "seq", "sh"],
    [
      "sleep",
      "sort",
      "stat",
      "sync",
      "tail",
      "tar",
      "test",
      "timeout",
      "top",
      "touch",
      "tr",
      "true",
      "uname",
      "wc",
      "wget",
    ],
  );
  const entries: Entry[] = [
    ...accounts,
    { path: "/bin/busybox", file: path.join(sources.debian, debianBase.busybox) },
    ...applets.map((name): Entry => ({ path: `/bin/${name}`, link: "busybox" })),
  ];
  return { reference: testImage, layers: [{ entries }], command: ["sh"] };
}

import * as path from "node:path";

import { checkImage, versions } from "../../versions";
import { ciliumImages } from "./cilium-images";
import { debianBase } from "./debian-base";
import { accounts, trusted, type Entry, type Image, type ImageSources } from "./image";

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

/**
 * Docker's official busybox, by its upstream name: every applet is a link in /bin. Here it is Debian's busybox-static, a little older
 * than its name says. Checks, tests and the sample app of examples/gitops run it.
 */
function busyboxImage(sources: ImageSources): Image {
  const applets =
    `awk base64 cat cp cut date dd df echo env false find grep head hostname httpd id ip kill ln ls md5sum mkdir
    mv nc netstat nslookup ping ps rm sed seq sh sha256sum sleep sort stat sync tail tar test timeout top touch tr traceroute
    true uname wc wget xargs`.split(/\s+/);
  const entries: Entry[] = [
    ...accounts,
    { path: "/bin/busybox", file: path.join(sources.debian, debianBase.busybox) },
    ...applets.map((name): Entry => ({ path: `/bin/${name}`, link: "busybox" })),
  ];
  return { reference: checkImage, layers: [{ entries }], command: ["sh"] };
}

import * as fs from "node:fs";
import * as path from "node:path";
import { cached, keyOf } from "../../build/cache";
import { addonVersions } from "../../build/versions";
import { must } from "../../run-program";
import type { Entry, Image } from "../../packages/image";

export const argocdImage = `quay.io/argoproj/argocd:v${addonVersions.argocd}`;
export const redisImage = "lab.homelab/redis:7.0";

/** What Argo CD's image has of a distribution, and Redis. */
const packages = ["ca-certificates", "git", "gpg", "gpg-agent", "openssh-client", "redis-server", "tini"];
const suite = "bookworm";
const unused = [
  "boot",
  "usr/share/doc",
  "usr/share/man",
  "usr/share/locale",
  "var/cache/*",
  "var/lib/apt",
  "var/log/*",
];
const LAYER = "layer.tar.zst";
/** The user that Argo CD's pods run as, also those of Redis. */
const USER = 999;

/** Debian's part of the images as a packed layer. Needs root and Debian's mirror where it is not cached. */
export async function ensureArgocdBase(mirrorProgram: string): Promise<string> {
  const folder = await cached("debian-argocd", keyOf({ suite, packages, unused }, []), async (target) => {
    const tree = path.join(target, "tree");
    const options = [
      "--variant=minbase",
      `--include=${packages.join(",")}`,
      '--aptopt=Acquire::Retries "5"',
      suite,
      tree,
    ];
    await must("installing Debian for Argo CD's image", "mmdebstrap", options);
    await must("trimming it", "sh", ["-c", 'cd -- "$1" && shift && rm -rf -- $* dev/*', "trim", tree, ...unused]);
    const output = path.join(target, LAYER);
    await must("packing Argo CD's image", mirrorProgram, ["layer", "--tree", tree, "--output", output]);
    fs.rmSync(tree, { recursive: true });
  });
  return path.join(folder, LAYER);
}

/** Argo CD without Helm and Kustomize: it deploys plain manifests. And what it needs beside it. */
export function argocdImages(sources: { argocd: string; base: string }): Image[] {
  const base = { packed: sources.base };
  const bin = "/usr/local/bin";
  const parts = ["server", "repo-server", "cmp-server", "application-controller", "dex", "notifications"];
  const links = [...parts, "applicationset-controller", "k8s-auth", "commit-server"];
  const scripts = ["entrypoint.sh", "git-ask-pass.sh", "git-verify-wrapper.sh", "gpg-wrapper.sh"];
  const argocd: Entry[] = [
    user,
    group,
    { path: `${bin}/argocd`, file: path.join(sources.argocd, "argocd") },
    ...links.map((name): Entry => ({ path: `${bin}/argocd-${name}`, link: "argocd" })),
    ...scripts.map((name): Entry => ({ path: `${bin}/${name}`, file: path.join(sources.argocd, name) })),
    { path: "/home/argocd", mode: 0o777 },
    { path: "/app/config/ssh" },
    { path: "/app/config/tls" },
    { path: "/app/config/gpg/source" },
    { path: "/app/config/gpg/keys", mode: 0o777 },
    { path: "/etc/ssh/ssh_known_hosts", link: "/app/config/ssh/ssh_known_hosts" },
  ];
  return [
    {
      reference: argocdImage,
      layers: [base, { entries: argocd }],
      entrypoint: ["/usr/bin/tini", "--"],
      user: String(USER),
      directory: "/home/argocd",
      env: ["USER=argocd", "GRPC_ENABLE_TXT_SERVICE_CONFIG=false"],
    },
    {
      reference: redisImage,
      layers: [base, { entries: [user, group] }],
      entrypoint: ["redis-server"],
      user: String(USER),
      directory: "/tmp",
    },
  ];
}

const user: Entry = {
  path: "/etc/passwd",
  text: `root:x:0:0:root:/root:/bin/bash\nargocd:x:${USER}:${USER}::/home/argocd:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n`,
};
const group: Entry = { path: "/etc/group", text: `root:x:0:\nargocd:x:${USER}:\nnogroup:x:65534:\n` };

import { readFileSync } from "node:fs";
import path from "node:path";
import { EXPECTED_FOLDER } from "../facts/expected";
import { FACT_FILES } from "../facts/facts";
import { quote } from "./quote";

/** Where the steps find the library on a host. Only root writes there. */
export const LIBRARY_FILE = "/var/lib/homelab/library.sh";
/** Where it is remembered what a host was like before its first change. */
const BEFORE_FOLDER = "/var/lib/homelab/before";
const HOST_LOCK = "/run/homelab.lock";
/** Exit code of a script that asks a cluster where the cluster, or its API server, is gone. */
export const CLUSTER_GONE = 7;

/** Folder on a host for what a run with kubeadm leaves for the next one: its configuration, and how far it came. */
const KUBEADM_STATE = "/var/lib/homelab/kubeadm";
/** What a cluster leaves on a host. */
const KUBERNETES_FILES = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/bootstrap-kubelet.conf",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/var/lib/etcd/member",
] as const;

/** The systems that the steps are written for, as `ID VERSION_ID` of os-release. */
export const SUPPORTED_SYSTEMS = ["ubuntu 22.04", "ubuntu 24.04", "ubuntu 26.04", "debian 12", "debian 13"] as const;
/** As `uname -m` names them. */
export const SUPPORTED_MACHINES = ["x86_64", "aarch64"] as const;
/** How both are called in messages. */
export const SUPPORTED = "Ubuntu 22.04, 24.04 or 26.04, or Debian 12 or 13, on amd64 or arm64";

/** Longest wait for another step's lock on the host, and for apt's locks, in seconds: an upgrade on an SD card takes its time. */
const LOCK_WAIT_SECONDS = 1800;

const PARTS = [
  "base",
  "journal",
  "files",
  "expected",
  "apt",
  "apt-sources",
  "apt-repository",
  "kubernetes",
  "longhorn",
] as const;

let library: string | undefined;

/**
 * The functions that all scripts share: the `.sh` files of `library/` and of `facts/`, with the values that they have in
 * common with the program. It only defines; a script that has read it calls `begin`.
 */
export function libraryText(): string {
  library ??= [
    "# shellcheck shell=bash",
    "# Written by homelab: the shell functions that its steps share.",
    "# shellcheck disable=SC2034 # not every script uses all of them",
    "{",
    ...Object.entries(VALUES).map(([name, value]) => `  ${name}=${quote(value)}`),
    "}",
    ...PARTS.map((part) => readShell(__dirname, `library/${part}.sh`)),
    ...FACT_FILES.map((file) => readShell(__dirname, `../facts/${file}.sh`)),
  ].join("\n");
  return library;
}

const VALUES: Readonly<Record<string, string>> = {
  before: BEFORE_FOLDER,
  expected: EXPECTED_FOLDER,
  host_lock: HOST_LOCK,
  apt_view: "/run/homelab-sources",
  lock_seconds: String(LOCK_WAIT_SECONDS),
  supported: SUPPORTED,
  supported_systems: SUPPORTED_SYSTEMS.join("|"),
  supported_machines: SUPPORTED_MACHINES.join("|"),
  kubeadm_state: KUBEADM_STATE,
  kubelet_patch: `${KUBEADM_STATE}/patches/kubeletconfiguration.yaml`,
  kubernetes_files: KUBERNETES_FILES.join(" "),
  cluster_gone: String(CLUSTER_GONE),
};

/** The text of a `.sh` or `.pl` file beside the module that uses it. */
export function readShell(folder: string, file: string): string {
  return readFileSync(path.join(folder, file), "utf8");
}

/** Whether the user may accept a finding by its name: what happens then, or why accepting can't work. */
type Acceptance = { accepted: string; refused?: undefined } | { accepted?: undefined; refused: string };

/**
 * Every kind of finding that the preflight has, by its name. With `accepted` it may be accepted in the settings
 * (`preflight.accept`); the text ends the sentence "accepting it means that …". With `refused` it may not: the text says why,
 * and what to do in its place.
 */
export const FINDINGS = {
  "unsupported-system": { refused: "the steps are written for the supported systems alone" },
  "no-systemd": { refused: "kubelet and containerd are units of systemd" },
  "few-cpus": { refused: "kubeadm checks it too; add NumCPU to cluster.kubeadm.ignorePreflightErrors" },
  "little-memory": { refused: "kubeadm checks it too; add Mem to cluster.kubeadm.ignorePreflightErrors" },
  "little-disk": {
    accepted: "the host is prepared with less free disk; kubelet evicts pods where images and logs fill it",
  },
  "missing-module": { refused: "containers and Cilium don't start without these kernel modules" },
  "missing-controller": { refused: "kubelet doesn't start without these cgroup controllers" },
  "cgroup-v1": { refused: "kubelet decides it; set cluster.kubelet.failCgroupV1 to false" },
  "shared-kernel": { refused: "the steps differ; set capabilities.sharedKernel to what the host is" },
  "container-limits": { refused: "kubelet or the network of pods ends without it" },
  "shared-swap": { refused: "kubelet doesn't start while swap is on, and a container can't switch it off" },
  "swap-unknown": { accepted: "swap is switched off now, and again before each start of the kubelet" },
  "no-overlayfs": { refused: "containerd keeps the layers of images by overlayfs" },
  "address-not-there": { refused: "kubeadm and kubelet use the node's address on the host itself" },
  "no-nameserver": { refused: "CoreDNS doesn't run without a server to ask" },
  "cni-owner": { accepted: "Cilium's pods fail unless they can write there in another way" },
  hostname: { refused: "kubeadm refuses such a hostname" },
  "machine-id": { refused: "systemd and the node's status need one" },
  "apt-source-unreadable": { accepted: "the program does without that file; apt itself stays broken on the host" },
  "apt-source-twice": { refused: "apt reads no list at all where one repository has two keys" },
  "apt-broken": { refused: "apt installs nothing before it is repaired" },
  "containerd-second": { refused: "the steps configure the package's containerd, and the other one would run" },
  "containerd-runtimes": {
    accepted: "the runtimes that are named are gone until they are in the settings or in conf.d",
  },
  "runtime-program": { refused: "containers of that runtime could not start; install what brings it first" },
  "docker-removed": { accepted: "the packages that are named are removed, and what runs with them ends" },
  "package-downgraded": { accepted: "the packages that are named get the older version, and are held there" },
  "dpkg-interrupted": { refused: "apt installs nothing before it is finished" },
  "resolver-loop": { refused: "CoreDNS ends at once where it asks itself" },
  "foreign-cluster": { refused: "kubeadm doesn't make a node of one that is in another cluster" },
  "foreign-device": { refused: "the host would send packets for pods to that device; choose another subnet" },
  "port-in-use": { refused: "kubeadm checks it too; add Port-NUMBER to cluster.kubeadm.ignorePreflightErrors" },
  "same-hostname": { refused: "hosts are told apart by it in logs and in DNS" },
  "same-machine-id": { refused: "addresses by DHCP and the nodes' identity depend on it" },
  "same-product-uuid": { accepted: "the two are taken for different hosts; check that they are" },
  "same-mac": { accepted: "the two are taken for different hosts; check that they are" },
  "other-mac": { accepted: "the warning is left out" },
  "mixed-resolvers": { refused: "pods on the host that differs could resolve no names" },
  clock: { refused: "certificates would be expired, or not valid yet" },
  firewall: { accepted: "the cluster is made; what needs the named ports fails until they are open" },
  "api-unreachable": {
    accepted: "the cluster is made; the run fails after it, until the workstation reaches the API server",
  },
  "firewall-pods": {
    accepted: "the cluster is made; names in the cluster can't be resolved until pods are let through",
  },
  inspection: { refused: "nothing is known of a host that can't be inspected" },
} as const satisfies Readonly<Record<string, Acceptance>>;

/** The name of a kind of finding. */
export type FindingName = keyof typeof FINDINGS;

/** The name of a kind of finding that may be accepted. */
export type AcceptableName = {
  [Name in FindingName]: (typeof FINDINGS)[Name] extends { accepted: string } ? Name : never;
}[FindingName];

const acceptance: Readonly<Record<string, Acceptance>> = FINDINGS;

/** What accepting the finding means; `undefined` where it can't be accepted. */
export function meaningOfAccepting(name: FindingName): string | undefined {
  return acceptance[name]?.accepted;
}

/** Why a finding can't be accepted; `undefined` where it can, or where there is none of that name. */
export function whyNotAcceptable(name: string): string | undefined {
  return Object.hasOwn(acceptance, name) ? acceptance[name]?.refused : undefined;
}

/** The names that may be in `preflight.accept`, sorted. */
export const ACCEPTABLE = (Object.keys(FINDINGS) as FindingName[])
  .filter((name): name is AcceptableName => meaningOfAccepting(name) !== undefined)
  .sort();

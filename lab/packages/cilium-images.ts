import * as path from "node:path";

import { labVersions } from "../build/versions";
import { debianBase } from "./debian-base";
import { accounts, trusted, type Entry, type Image, type ImageSources } from "./image";

/** Cilium's agent, operator and relay, without Envoy: no L7 policy, Ingress or Gateway API. */
export function ciliumImages(sources: ImageSources): Image[] {
  const from = (name: string): string => path.join(sources.cilium, name);
  const program = (name: string): Entry => ({ path: `/usr/bin/${name}`, file: from(name) });
  const agent: Entry[] = [
    ...["cilium-agent", "cilium-dbg", "cilium-health-responder", "cilium-mount", "cilium-sysctlfix", "hubble"].map(
      program,
    ),
    // Upstream's name before 1.15, which the chart's older probes and scripts of users still call.
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

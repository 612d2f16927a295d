import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { controlPlaneEndpoint, nodeAddress, parseSettings, type Settings } from "../../../settings";
import { aptKeyFingerprints, sandboxImage, supported, versions } from "../../../versions";
import { root, settingsIn } from "./stack-file";

function valid(raw: Record<string, unknown>): Settings {
  const { settings, problems } = parseSettings(raw);
  if (problems) throw new Error(problems.join("\n"));
  return settings;
}

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";
const SECOND_HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

describe("the committed stacks", () => {
  it("make the lab of one control plane and one worker on machines that share the kernel", () => {
    const { machines } = valid(settingsIn("Pulumi.lab.yaml"));
    expect(machines.nodes.map(({ name, role }) => `${name} ${role}`)).toEqual(["cp1 control-plane", "worker1 worker"]);
    expect(machines.nodes.map(nodeAddress)).toEqual(["10.90.0.11", "10.90.0.12"]);
    expect(machines.nodes[1]?.capabilities).toEqual({ sharedKernel: true, iscsi: false });
  });

  it("point every source of the lab at its mirror", () => {
    const { mirrors, containerd } = valid(settingsIn("Pulumi.lab.yaml"));
    const urls = [mirrors.apt.kubernetes.url, mirrors.apt.docker.url, ...Object.values(containerd.mirrors).flat()];
    for (const url of urls) expect(url).toMatch(/^http:\/\/10\.90\.0\.1:5080\//);
    expect(Object.keys(containerd.mirrors)).toEqual(["docker.io", "lab.homelab", "quay.io", "registry.k8s.io"]);
  });

  it("rehearse on three Multipass machines of two CPUs", () => {
    const { machines } = valid(settingsIn("Pulumi.local.yaml"));
    if (machines.kind !== "multipass") throw new Error(machines.kind);
    expect(machines.nodes.map(({ name }) => name)).toEqual(["cp1", "worker1", "worker2"]);
    for (const { cpus, memory, disk, image } of machines.nodes) {
      expect({ cpus, memory, disk, image }).toEqual({ cpus: 2, memory: "4G", disk: "20G", image: "24.04" });
    }
  });

  it("ask for nothing but the hosts' keys in the example for metal", () => {
    const { problems } = parseSettings(settingsIn("Pulumi.metal.yaml"));
    expect(problems).toHaveLength(3);
    for (const [index, problem] of problems?.entries() ?? []) {
      expect(problem).toMatch(`machines.nodes[${index}].ssh.hostKey: "ssh-ed25519 …" is not an ed25519 host key`);
    }
  });

  it.each(["lab", "local"])("keep the salt of %s's published passphrase, or Pulumi would write one there", (stack) => {
    const file = load(readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8"));
    expect(file).toHaveProperty("encryptionsalt", expect.stringMatching(/^v1:/));
  });

  it("have no settings but the program's own", () => {
    for (const stack of ["lab", "local", "metal"]) {
      const { config } = load(readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8")) as { config: object };
      expect(Object.keys(config).filter((key) => !key.startsWith("homelab:"))).toEqual([]);
    }
  });
});

describe("settings that say little", () => {
  const nodes = [{ name: "one", role: "control-plane", address: "10.90.0.11" }];

  it("make a cluster of one lab machine with upstream's packages", () => {
    const settings = valid({ machines: { kind: "nspawn", nodes } });
    expect(settings.machines).toMatchObject({ stateDir: "/var/lib/homelab/nspawn", network: { bridge: "homelab" } });
    expect(settings.cluster.kubernetesVersion).toBe(versions.kubernetes);
    expect(settings.containerd.sandboxImage).toBe(sandboxImage);
    expect(settings.mirrors).toEqual({
      apt: {
        kubernetes: {
          url: `https://pkgs.k8s.io/core:/stable:/v${versions.kubernetes.replace(/\.\d+$/, "")}/deb/`,
          fingerprint: aptKeyFingerprints.kubernetes,
        },
        docker: { url: "https://download.docker.com/linux/{distribution}", fingerprint: aptKeyFingerprints.docker },
        tailscale: {
          url: "https://pkgs.tailscale.com/stable/{distribution}",
          fingerprint: aptKeyFingerprints.tailscale,
        },
      },
    });
    expect(settings.addons.cilium.enabled).toBe(true);
    expect(settings.addons.longhorn.enabled).toBe(false);
  });

  it("reach the API server at the first control plane, unless they name an endpoint", () => {
    const machines = { kind: "nspawn", nodes };
    expect(controlPlaneEndpoint(valid({ machines }))).toEqual({ host: "10.90.0.11", port: 6443 });
    const cluster = { controlPlaneEndpoint: { host: "api.example", port: 8443 } };
    expect(controlPlaneEndpoint(valid({ machines, cluster }))).toEqual({ host: "api.example", port: 8443 });
    const vms = { kind: "multipass", nodes: [{ name: "one", role: "control-plane" }] };
    expect(controlPlaneEndpoint(valid({ machines: vms }))).toEqual({ host: undefined, port: 6443 });
  });

  it("take all images from one registry that has them, unless one of theirs has a mirror of its own", () => {
    const { containerd } = valid({
      machines: { kind: "nspawn", nodes },
      mirrors: { registry: "https://mirror.example/v2/" },
      containerd: { mirrors: { "quay.io": ["https://quay.example"] } },
    });
    expect(containerd.mirrors).toEqual({
      "docker.io": ["https://mirror.example/v2/docker.io"],
      "ecr-public.aws.com": ["https://mirror.example/v2/ecr-public.aws.com"],
      "ghcr.io": ["https://mirror.example/v2/ghcr.io"],
      "quay.io": ["https://quay.example"],
      "registry.k8s.io": ["https://mirror.example/v2/registry.k8s.io"],
    });
  });

  it("can't be changed after they are read", () => {
    const settings = valid({ machines: { kind: "nspawn", nodes } });
    expect(() => Object.assign(settings.machines.nodes[0] ?? {}, { name: "other" })).toThrow(TypeError);
  });
});

describe("settings of machines", () => {
  it("give one VM what it sets and the others what all have", () => {
    const { machines } = valid({
      machines: {
        kind: "multipass",
        memory: "8G",
        nodes: [
          { name: "cp1", role: "control-plane" },
          { name: "small", role: "worker", memory: "2G" },
        ],
      },
    });
    expect(machines.nodes.map((node) => "memory" in node && node.memory)).toEqual(["8G", "2G"]);
  });

  it("let the inventory overrule what a kind of machine can do", () => {
    const { machines } = valid({
      ssh: { user: "ubuntu", agent: true },
      machines: {
        kind: "metal",
        capabilities: { iscsi: false },
        nodes: [
          { name: "cp1", role: "control-plane", address: "192.168.1.11", ssh: { hostKey: HOST_KEY } },
          {
            name: "disks",
            role: "worker",
            address: "192.168.1.12",
            privateAddress: "10.0.0.12",
            capabilities: { iscsi: true },
            ssh: { hostKey: SECOND_HOST_KEY },
          },
        ],
      },
    });
    expect(machines.nodes.map(({ capabilities }) => capabilities.iscsi)).toEqual([false, true]);
    expect(machines.nodes.map(nodeAddress)).toEqual(["192.168.1.11", "10.0.0.12"]);
  });

  it("take a fingerprint as gpg prints it", () => {
    const fingerprint = "57f5 CB79 EC91 87FF E699  9723 780B C197 2795 971C";
    const { mirrors } = valid({
      machines: { kind: "nspawn", nodes: [{ name: "one", role: "control-plane", address: "10.90.0.11" }] },
      mirrors: { apt: { docker: { fingerprint } } },
    });
    expect(mirrors.apt.docker.fingerprint).toBe("57F5CB79EC9187FFE6999723780BC1972795971C");
  });
});

describe("the pinned versions", () => {
  it("are supported, and of a minor version that the pinned Cilium is made for", () => {
    expect(supported.kubernetes).toContain(versions.kubernetes);
    const chart = load(readFileSync(path.join(root, "charts/cilium/Chart.yaml"), "utf8")) as {
      dependencies: { version: string }[];
    };
    const { cilium, from, to } = supported.ciliumKubernetesMinors;
    expect(chart.dependencies[0]?.version).toMatch(new RegExp(`^${cilium.replace(".", "\\.")}\\.\\d+$`));
    for (const version of supported.kubernetes) {
      const minor = Number(version.split(".")[1]);
      expect(minor).toBeGreaterThanOrEqual(Number(from.split(".")[1]));
      expect(minor).toBeLessThanOrEqual(Number(to.split(".")[1]));
    }
  });
});

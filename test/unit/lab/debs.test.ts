import execa from "execa";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { buildDeb, controlFile, type Deb } from "../../../lab/packages/deb";
import { containerdDeb, kubernetesDebs, type BinaryFolders } from "../../../lab/packages/debs";
import { versions } from "../../../versions";

let work: string;
beforeEach(() => (work = fs.mkdtempSync(path.join(os.tmpdir(), "debs-"))));
afterEach(() => fs.rmSync(work, { recursive: true }));

function folders(): BinaryFolders {
  const folder = (name: string, files: string[]): string => {
    fs.mkdirSync(path.join(work, name));
    for (const file of files) fs.writeFileSync(path.join(work, name, file), `${file}\n`);
    return path.join(work, name);
  };
  return {
    kubernetes: folder("kubernetes", ["kubeadm", "kubectl", "kubelet", "kube-apiserver"]),
    containerd: folder("containerd", ["containerd", "containerd-shim-runc-v2", "ctr"]),
    cni: folder("cni", ["loopback", "bridge"]),
    crictl: folder("crictl", ["crictl"]),
    debian: folder("debian", ["runc", "busybox"]),
  };
}

const deb: Deb = { name: "tool", version: "1.0-1", summary: "A tool", depends: ["libc6"], binaries: {} };

test("a control file has the fields that dpkg wants and no empty ones", () => {
  expect(controlFile({ ...deb, replaces: ["old", "older"] }, "amd64", 7)).toBe(
    [
      "Package: tool",
      "Version: 1.0-1",
      "Architecture: amd64",
      "Maintainer: homelab lab <mirror@lab.homelab>",
      "Installed-Size: 7",
      "Depends: libc6",
      "Provides: old, older",
      "Conflicts: old, older",
      "Replaces: old, older",
      "Section: admin",
      "Priority: optional",
      "Description: A tool",
      "",
    ].join("\n"),
  );
});

test("the Kubernetes packages have upstream's names, versions and places", () => {
  const debs = kubernetesDebs(folders());
  expect(debs.map(({ name, version }) => `${name} ${version}`)).toEqual([
    `kubelet ${versions.kubernetes}-${versions.kubernetesDebRevision}`,
    `kubeadm ${versions.kubernetes}-${versions.kubernetesDebRevision}`,
    `kubectl ${versions.kubernetes}-${versions.kubernetesDebRevision}`,
    `kubernetes-cni ${versions.cniPlugins}-1.1`,
    `cri-tools ${versions.criTools}-1.1`,
  ]);
  expect(debs.flatMap(({ binaries }) => Object.keys(binaries))).toEqual([
    "/usr/bin/kubelet",
    "/usr/bin/kubeadm",
    "/usr/bin/kubectl",
    "/opt/cni/bin/bridge",
    "/opt/cni/bin/loopback",
    "/usr/bin/crictl",
  ]);
});

test("cri-tools is left out where there is no crictl", () => {
  const names = kubernetesDebs({ ...folders(), crictl: undefined }).map(({ name }) => name);
  expect(names).not.toContain("cri-tools");
});

test("containerd.io brings runc and a configuration that a person's changes survive in", async () => {
  const file = await buildDeb(containerdDeb(folders(), "debian.12~bookworm"), work);
  expect(path.basename(file)).toBe(
    `containerd.io_${versions.containerd}~debian.12~bookworm_${process.arch === "x64" ? "amd64" : process.arch}.deb`,
  );
  const { stdout: list } = await execa("dpkg-deb", ["--contents", file]);
  for (const name of ["usr/bin/runc", "usr/bin/containerd", "usr/lib/systemd/system/containerd.service"]) {
    expect(list.split("\n")).toContainEqual(expect.stringMatching(`root/root .* \\./${name}$`));
  }
  const { stdout: conffiles } = await execa("dpkg-deb", ["--info", file, "conffiles"]);
  expect(conffiles.trim()).toBe("/etc/containerd/config.toml");
  const { stdout: config } = await execa("sh", [
    "-c",
    'dpkg-deb --fsys-tarfile "$1" | tar -xO ./etc/containerd/config.toml',
    "sh",
    file,
  ]);
  expect(config).toBe('disabled_plugins = ["cri"]');
});

test("the same package built again is the same file, and leaves nothing beside it", async () => {
  const [kubelet] = kubernetesDebs(folders());
  const twice: Buffer[] = [];
  for (const name of ["one", "two"]) {
    const folder = path.join(work, name);
    fs.mkdirSync(folder);
    const file = await buildDeb(kubelet as Deb, folder);
    expect(fs.readdirSync(folder)).toEqual([path.basename(file)]);
    twice.push(fs.readFileSync(file));
    // dpkg-deb would write the present second into an archive that is not pinned.
    await new Promise((resolve) => setTimeout(resolve, 1100));
  }
  expect(twice[0]?.equals(twice[1] as Buffer)).toBe(true);
});

test("folders are open to everybody even where the user's umask is strict", async () => {
  const before = process.umask(0o077);
  try {
    const file = await buildDeb(kubernetesDebs(folders())[0] as Deb, work);
    const { stdout: list } = await execa("dpkg-deb", ["--contents", file]);
    expect(list.split("\n").filter((line) => !/^(drwxr-xr-x|-rwxr-xr-x|-rw-r--r--) /.test(line))).toEqual([]);
  } finally {
    process.umask(before);
  }
});

test("maintainer scripts are valid shell", async () => {
  const made = folders();
  const debs = [...kubernetesDebs(made), containerdDeb(made, "debian.12~bookworm")];
  const scripts = debs.flatMap((one) => Object.values(one.scripts ?? {}) as string[]);
  expect(scripts).toHaveLength(6);
  for (const script of scripts) await execa("sh", ["-n"], { input: script });
});

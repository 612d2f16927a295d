import * as fs from "node:fs";
import * as path from "node:path";

import { cached, keyOf } from "../build/cache";
import { cacheRoot } from "../build/cache-folder";
import { withBuildLock } from "../build/lock";
import { must } from "../run-program";
import { indexedPackage, packagesIndex, releaseFile } from "../packages/apt-repository";
import { executableFiles, imageFiles, imageLinks, notInImage } from "./image-files";

/** The release that every image of the fake Multipass is, whatever Ubuntu was asked for: see README.md. */
const SUITE = "bookworm";
export const imageRelease = { os: "Debian", title: "12" } as const;

/** What Ubuntu's cloud image has that a minimal tree has not. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "systemd-resolved", "systemd-timesyncd", "libpam-systemd", "dbus", "netbase"],
  ...[
    "cloud-init",
    "openssh-server",
    "openssh-client",
    "sudo",
    "iproute2",
    "iputils-ping",
    "iptables",
    "kmod",
    "procps",
  ],
  ...[
    "ca-certificates",
    "curl",
    "gnupg",
    "ethtool",
    "mount",
    "util-linux",
    "python3",
    "perl",
    "less",
    "rsync",
    "xz-utils",
  ],
];

/** What apt on a machine can install besides, offline: an archive within the image replaces the distribution's. */
const ARCHIVE = ["conntrack", "socat", "ipset", "nfs-common", "open-iscsi", "cryptsetup", "jq", "tree"];
const ARCHIVE_PATH = "usr/share/distribution-archive";

/** Its folder in the lab's cache, and what is in each of its keys. */
const ARTEFACT = "multipass-image";
const TAR = "tree.tar";

/** Time for mmdebstrap with a slow archive; it takes two minutes. In seconds. */
const BUILD_LIMIT = 20 * 60;

/** Names of images that can be launched: `multipass find` has them all. */
export const imageNames = ["default", "lts", "26.04", "resolute", "24.04", "noble", "22.04", "jammy"] as const;

/** Makes sure that the image is in the lab's cache; needs root, mmdebstrap and Debian's archive. Returns the tar file. */
export async function ensureImage(
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): Promise<string> {
  const recipe = { SUITE, PACKAGES, ARCHIVE, imageFiles, imageLinks, notInImage };
  const key = keyOf(recipe, []);
  const folder = path.join(cacheRoot(), ARTEFACT, key);
  if (!fs.existsSync(folder)) {
    await withBuildLock("building the image of the fake Multipass", say, () => cached(ARTEFACT, key, build));
  }
  return path.join(folder, TAR);
}

async function build(folder: string): Promise<void> {
  const tree = path.join(folder, "tree");
  const debs = path.join(tree, ARCHIVE_PATH);
  // The hook's apt is the workstation's, which can reach the archive; it works on the tree.
  const apt = 'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get -qq --yes';
  const download = `${apt} clean && ${apt} --no-install-recommends --download-only install ${ARCHIVE.join(" ")}`;
  await must(
    "installing the image of the fake Multipass",
    "mmdebstrap",
    [
      ...["--quiet", "--variant=minbase", `--include=${PACKAGES.join(",")}`],
      ...['--aptopt=Acquire::Retries "5"', '--aptopt=Apt::Install-Recommends "false"'],
      ...["--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/locale/*"],
      `--customize-hook=${download} && mkdir -p "$1/${ARCHIVE_PATH}" && mv "$1"/var/cache/apt/archives/*.deb "$1/${ARCHIVE_PATH}/"`,
      '--customize-hook=chroot "$1" systemctl enable --quiet systemd-networkd.service systemd-resolved.service ssh.service',
      ...[SUITE, tree],
    ],
    { timeoutSeconds: BUILD_LIMIT },
  );
  await indexArchive(debs);
  await finish(tree);
  const pack = ["--create", "--numeric-owner", "--xattrs", "--xattrs-include=*", "--exclude=./dev/*"];
  await must("packing the image", "tar", [...pack, `--file=${path.join(folder, TAR)}`, `--directory=${tree}`, "."]);
  await must("removing the unpacked image", "rm", ["-rf", "--one-file-system", tree]);
}

/** Makes a flat repository of the folder. Machines trust it by where it is. */
async function indexArchive(folder: string): Promise<void> {
  const files = fs.readdirSync(folder).sort();
  const packages = [];
  for (const file of files) packages.push(await indexedPackage(folder, path.join(folder, file)));
  const index = packagesIndex(packages);
  fs.writeFileSync(path.join(folder, "Packages"), index);
  fs.writeFileSync(path.join(folder, "Release"), releaseFile({ label: "Debian" }, { Packages: index }));
}

async function finish(tree: string): Promise<void> {
  const globs = notInImage.map((glob) => `"$1"/${glob}`).join(" ");
  await must("trimming the image", "sh", ["-c", `rm -rf -- ${globs}`, "trim", tree]);
  for (const [file, content] of Object.entries(imageFiles)) {
    fs.mkdirSync(path.dirname(path.join(tree, file)), { recursive: true });
    fs.writeFileSync(path.join(tree, file), content, { mode: executableFiles.includes(file) ? 0o755 : 0o644 });
  }
  for (const [place, target] of Object.entries(imageLinks)) {
    fs.rmSync(path.join(tree, place), { force: true });
    fs.mkdirSync(path.dirname(path.join(tree, place)), { recursive: true });
    fs.symlinkSync(target, path.join(tree, place));
  }
}

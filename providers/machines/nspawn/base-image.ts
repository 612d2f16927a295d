import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { hereDocument, quote } from "../../host/shell/quote";
import { asRoot } from "./root";

export interface Image {
  /** As in os-release: "debian". */
  distribution: "debian" | "ubuntu";
  /** Codename, as in "bookworm". */
  release: string;
}

/**
 * What a freshly installed server has and a minimal tree has not, and what kubeadm's preflight asks for. The steps install
 * what is the cluster's own.
 */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2", "iptables", "kmod", "procps"],
  ...["ca-certificates", "curl", "gnupg", "conntrack", "socat", "ethtool", "ipset", "mount", "util-linux"],
];

/** Raised when the recipe below changes in a way that the other parts of the key do not show. */
const RECIPE = 1;

/** Time for mmdebstrap with a slow mirror; it takes one to two minutes. In seconds. */
const BUILD_LIMIT = 20 * 60;

/** A name that changes with all that decides what is in the image. */
export function imageKey(image: Image): string {
  const recipe = createHash("sha256")
    .update(JSON.stringify([RECIPE, image, PACKAGES]))
    .digest("hex")
    .slice(0, 12);
  return `${image.distribution}-${image.release}-${recipe}`;
}

export function imagePath(stateDir: string, image: Image): string {
  return `${stateDir}/images/${imageKey(image)}.tar`;
}

/**
 * Makes the image when it is not there yet: once per workstation, whoever asks first; the others wait for it.
 *
 * @returns the path of the tar file
 */
export async function ensureBaseImage(stateDir: string, image: Image): Promise<string> {
  const path = imagePath(stateDir, image);
  const sources = sourcesFor(image, hostSources(), hostRelease());
  await asRoot(`building the base image ${imageKey(image)}`, buildScript(path, image, sources), BUILD_LIMIT);
  return path;
}

/** The script that builds the image. It leaves nothing half-made under the image's name. */
export function buildScript(path: string, image: Image, sources: string[]): string {
  // Without a list of its own mmdebstrap takes the distribution's repository, and its keyring.
  const list = sources.length > 0 ? ' "$image.list"' : "";
  return `image=${quote(path)}
if [ -e "$image" ]; then return 0; fi
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; return 1; }
mkdir -p -m 700 "$(dirname "$image")"
exec 9>"$image.lock"
flock 9
if [ -e "$image" ]; then return 0; fi
trap 'rm -f "$image.part" "$image.list"' EXIT
cat >"$image.list" ${hereDocument(sources.map((line) => `${line}\n`).join("") || "\n")}
mmdebstrap --quiet --variant=minbase --format=tar \\
  --include=${PACKAGES.join(",")} \\
  --aptopt='Apt::Install-Recommends "false"' \\
  --aptopt='Acquire::Languages "none"' \\
  --dpkgopt='path-exclude=/usr/share/man/*' \\
  --dpkgopt='path-exclude=/usr/share/locale/*' \\
  --customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/etc/resolv.conf' \\
  --customize-hook='rm -f "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap "$1"/etc/apt/apt.conf.d/99mmdebstrap' \\
  --customize-hook='chroot "$1" systemctl enable --quiet systemd-networkd.service ssh.service' \\
  ${quote(image.release)} "$image.part"${list} 9>&-
mv "$image.part" "$image"`;
}

/**
 * The script that deletes the images in a folder, and the folder where nothing else is in it. `stateDir` may be a folder of the
 * user's own, with files beside them.
 */
export function removeImagesScript(folder: string): string {
  const pattern = "(debian|ubuntu)-[a-z]+-[0-9a-f]{12}\\.tar(\\.(lock|part|list))?";
  return `find ${quote(folder)} -maxdepth 1 -type f -regextype posix-extended -regex ${quote(`.*/${pattern}`)} -delete
rmdir --ignore-fail-on-non-empty ${quote(folder)}`;
}

/**
 * The lines of sources.list from which the image is built: this workstation's own where it runs the same release, because
 * they are known to work here (a mirror, a snapshot); else none: then the distribution's own are taken.
 */
export function sourcesFor(image: Image, own: string[], host: { id: string; codename: string }): string[] {
  if (host.id !== image.distribution || host.codename !== image.release) return [];
  const suites = new RegExp(`^${image.release}(-updates|-security)?$`);
  return own.filter((line) => {
    const [type, , suite, ...components] = line.replace(/\[.*?\]\s*/, "").split(/\s+/);
    return type === "deb" && suites.test(suite ?? "") && components.includes("main");
  });
}

/** All sources of apt on this workstation, in the one-line format. */
function hostSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...namesIn(folder).map((name) => `${folder}/${name}`)];
  return files.flatMap((file) => {
    const text = textOf(file);
    return file.endsWith(".sources") ? deb822Lines(text) : text.split("\n").filter((line) => line.startsWith("deb "));
  });
}

/** Turns the paragraphs of a `.sources` file into the one-line format. Paragraphs with a key of their own are left out. */
export function deb822Lines(text: string): string[] {
  const paragraphs = text.replace(/^#.*\n/gm, "").split(/\n\s*\n/);
  return paragraphs.flatMap((paragraph) => {
    const field = (name: string): string[] => {
      const found = new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(paragraph);
      return (found?.[1] ?? "").trim().split(/\s+/).filter(Boolean);
    };
    const signedBy = field("Signed-By");
    if (!field("Types").includes("deb") || field("Enabled").includes("no")) return [];
    if (/^Signed-By:[ \t]*$/im.test(paragraph)) return [];
    const option = signedBy[0] ? `[signed-by=${signedBy[0]}] ` : "";
    return field("URIs").flatMap((uri) =>
      field("Suites").map((suite) => `deb ${option}${uri} ${suite} ${field("Components").join(" ")}`),
    );
  });
}

function hostRelease(): { id: string; codename: string } {
  const text = textOf("/etc/os-release");
  const value = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(text)?.[1] ?? "";
  return { id: value("ID"), codename: value("VERSION_CODENAME") };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

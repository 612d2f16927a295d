import type { Claim } from "../../providers/host/shell/claims";

/** From the distribution's own archive; kubeadm's preflight, kubelet, containerd and the other steps use them. */
const PACKAGES = [
  "ca-certificates",
  "conntrack",
  "curl",
  "ethtool",
  "gnupg",
  "iproute2",
  "iptables",
  "kmod",
  "libseccomp2",
  "mount",
  "procps",
  "socat",
] as const;

/** The distribution's packages that the nodes need. Only what is missing is installed; versions stay the distribution's. */
export function basePackagesScript(): string {
  return `
${installMissingCommands(PACKAGES)}
`;
}

/** Commands that install those of the distribution's packages that are missing. */
export function installMissingCommands(packages: readonly string[]): string {
  return `missing=()
for name in ${packages.join(" ")}; do
  [ "$(package_version "$name")" != missing ] || missing+=("$name")
done
if [ "\${#missing[@]}" -gt 0 ]; then
  [ -z "$(dpkg --audit)" ] || quietly dpkg --force-confold --configure -a
  apt update
  apt install --no-install-recommends -- "\${missing[@]}"
  echo "installed \${missing[*]}"
fi`;
}

export function basePackagesClaims(): Claim[] {
  return packageClaims(PACKAGES);
}

/** In whatever version the distribution has. */
export function packageClaims(packages: readonly string[]): Claim[] {
  return packages.map((name) => ({ kind: "package", key: name, value: "*" }));
}

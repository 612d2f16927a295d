import { KUBEADM_STATE } from "../../kubeadm/kubeadm-state";

/**
 * Parts of the script that looks at a host; see `gather.ts` for `say`. They change nothing, and each of them prints what it
 * can find out: what is missing on a minimal host (openssl, modprobe, ss) must not end the script.
 */

/**
 * `certificates`: until when the certificates of kubeadm and kubelet are valid, as openssl prints dates. Those of the
 * authorities last ten years and are not among them.
 */
export const CERTIFICATES = `certificates() {
  local file end
  command -v openssl >/dev/null || return 0
  for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /etc/kubernetes/*.conf /var/lib/kubelet/pki/kubelet-client-current.pem; do
    [ -f "$file" ] || continue
    case $file in
      */*ca.crt | */kubelet.conf | */bootstrap-kubelet.conf) continue ;;
      *.conf) end=$(sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) ;;
      *) end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) ;;
    esac
    [ -z "$end" ] || say fact "certificate $file" "\${end#notAfter=}"
  done
}`;

/** Kernel modules without which a node can't work: those of the steps, and the one of Cilium's tunnel. */
export const NEEDED_MODULES = ["br_netfilter", "overlay", "vxlan"] as const;

/** What a cluster leaves on a host. */
const KUBERNETES_FILES = [
  "/etc/kubernetes/admin.conf",
  "/etc/kubernetes/kubelet.conf",
  "/etc/kubernetes/bootstrap-kubelet.conf",
  "/etc/kubernetes/manifests/kube-apiserver.yaml",
  "/var/lib/etcd/member",
] as const;

/**
 * `condition`: what tells whether a host can be prepared, and changes from look to look. Lists are words in one line:
 * - `modules`: `<name>:present`, `:loadable` or `:missing`
 * - `listening`: `<tcp|udp>:<port>:<process id>:<its name>`; without id and name the kernel itself listens
 * - `addresses`: `<device>:<IPv4 address>/<prefix length>`, without loopback
 * - `unfinishedPackages`: `<state of dpkg>:<package>`
 * - `kubeadm`: how far this program's own kubeadm came; `kubernetesFile`: a file of any cluster's
 */
export const CONDITION = `macs() {
  local nic
  # What stands for a device: not bridges, tunnels and ends of pairs.
  for nic in /sys/class/net/*; do
    [ ! -e "$nic/device" ] || cat "$nic/address"
  done | sort -u | tr '\\n' ' '
}
modules() {
  local name
  for name in ${NEEDED_MODULES.join(" ")}; do
    if [ "$(module_state "$name")" = present ]; then
      printf '%s:present ' "$name"
    elif modprobe --dry-run --quiet -- "$name" 2>/dev/null; then
      printf '%s:loadable ' "$name"
    else
      printf '%s:missing ' "$name"
    fi
  done
}
nameservers() { [ ! -r "$1" ] || awk '$1 == "nameserver" { printf "%s ", $2 }' "$1"; }
unfinished_packages() {
  dpkg-query -W -f '\${db:Status-Status} \${db:Status-Eflag} \${binary:Package}\\n' 2>/dev/null | awk '
    $2 == "reinstreq" { printf "reinstreq:%s ", $3; next }
    $1 == "half-installed" || $1 == "unpacked" || $1 == "half-configured" { printf "%s:%s ", $1, $3 }'
}
# From the kernel's own lists, because ss may be missing.
listening() {
  local file files=() protocol port pid name
  for file in /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/udp6; do
    [ ! -r "$file" ] || files+=("$file")
  done
  find /proc/[0-9]*/fd -lname 'socket:*' -printf '%h %l\\n' 2>/dev/null | awk '
    FILENAME !~ /^\\/proc\\// { split($1, path, "/"); gsub(/[^0-9]/, "", $2); holder[$2] = path[3]; next }
    { protocol = substr(FILENAME, 11, 3) }
    $4 != (protocol == "tcp" ? "0A" : "07") { next }
    { split($2, address, ":"); print protocol, address[2], ($10 in holder) ? holder[$10] : 0 }' - "\${files[@]}" | sort -u |
    while read -r protocol port pid; do
      name=
      [ "$pid" = 0 ] || read -r name 2>/dev/null <"/proc/$pid/comm" || name=
      printf '%s:%d:%s:%s ' "$protocol" "$((16#$port))" "\${pid#0}" "\${name//[ :]/_}"
    done
}
addresses() { ip -o -4 address show 2>/dev/null | awk '$2 != "lo" { printf "%s:%s ", $2, $4 }'; }
first_existing() {
  local file
  for file; do
    if [ -e "$file" ]; then
      echo "$file"
      return 0
    fi
  done
}
condition() {
  local resolved
  say fact time "$(date +%s.%3N)"
  resolved=$(unit_active systemd-resolved.service)
  say fact memoryMiB "$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)"
  say fact varFreeMiB "$(df -Pm /var | awk 'NR == 2 { print $4 }')"
  say fact rootFreeMiB "$(df -Pm / | awk 'NR == 2 { print $4 }')"
  say fact productUuid "$(cat /sys/class/dmi/id/product_uuid 2>/dev/null)"
  say fact macs "$(macs)"
  say fact modules "$(modules)"
  say fact resolved "$resolved"
  say fact nameservers "$(nameservers /etc/resolv.conf)"
  say fact resolvedNameservers "$(nameservers /run/systemd/resolve/resolv.conf)"
  say fact unfinishedPackages "$(unfinished_packages)"
  say fact listening "$(listening)"
  say fact addresses "$(addresses)"
  say fact kubeadm "$(cd ${KUBEADM_STATE} 2>/dev/null && first_existing completed joined started joining)"
  say fact kubernetesFile "$(first_existing ${KUBERNETES_FILES.join(" ")})"
}`;

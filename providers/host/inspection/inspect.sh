# shellcheck shell=bash
# Prints what there is to know of a host, and changes nothing: its facts, and for each fact that its steps expect what is
# expected and what is found. Each line starts with $marker; fields are separated by tabs; the last line is `end`. What is
# missing on a minimal host (openssl, modprobe, ss) must not end it.

# say FIELD...: tabs and newlines separate; whatever a host shows must not.
say() {
  local line=$marker field
  for field; do line+=$'\t'"${field//[^ -~]/ }"; done
  printf '%s\n' "$line"
}

facts() {
  local capabilities
  capabilities=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
  say fact osId "$(os_release ID)"
  say fact osVersion "$(os_release VERSION_ID)"
  say fact osName "$(os_release PRETTY_NAME)"
  say fact machine "$(uname -m)"
  say fact kernel "$(uname -r)"
  say fact hostname "$(uname -n)"
  say fact machineId "$(cat /etc/machine-id)"
  say fact cgroupVersion "$(cgroup_version)"
  say fact cpus "$(nproc --all)"
  say fact container "$(systemd-detect-virt --container)"
  say fact init "$(cat /proc/1/comm)"
  say fact sysResource "$((0x$capabilities >> 24 & 1))"
  say fact user "$(id -u)"
}

# Until when the certificates of kubeadm and kubelet are valid, as openssl prints dates. Those of the authorities last ten
# years and are not among them.
certificates() {
  local file end
  command -v openssl >/dev/null || return 0
  for file in /etc/kubernetes/pki/*.crt /etc/kubernetes/pki/etcd/*.crt /etc/kubernetes/*.conf /var/lib/kubelet/pki/kubelet-client-current.pem; do
    [ -f "$file" ] || continue
    case $file in
      */*ca.crt | */kubelet.conf | */bootstrap-kubelet.conf) continue ;;
      *.conf) end=$(sed -n 's/^ *client-certificate-data: *//p' "$file" | base64 -d 2>/dev/null | openssl x509 -noout -enddate 2>/dev/null) ;;
      *) end=$(openssl x509 -noout -enddate -in "$file" 2>/dev/null) ;;
    esac
    [ -z "$end" ] || say fact "certificate $file" "${end#notAfter=}"
  done
}

# The lines `step NAME RUN` and `expected NAME KIND KEY EXPECTED FOUND`; `folder` changes when a file is removed or added.
expected_state() {
  local file name run line
  cache_facts
  say folder "$(stat -c '%i %y' -- "$expected" 2>/dev/null)"
  for file in "$expected"/*.json; do
    [ -f "$file" ] || continue
    name=${file##*/}
    name=${name%.json}
    run=$(sed -n 's/^"run":"\(.*\)",$/\1/p' "$file")
    say step "$name" "$run"
    while IFS= read -r line; do
      [[ $line =~ ^\{\"kind\":\"([^\"]*)\",\"key\":\"([^\"]*)\",\"value\":\"([^\"]*)\"\},?$ ]] || continue
      set -- "${BASH_REMATCH[@]:1}"
      say expected "$name" "$1" "$2" "$3" "$(observe "$1" "$2")"
    done <"$file"
  done
}

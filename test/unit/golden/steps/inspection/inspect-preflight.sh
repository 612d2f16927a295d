set -u
host=$(uname -n) step=inspection marker=homelab-0123456789abcdef
# (the library)
# (providers/host/inspection/inspect.sh)
needed_modules='br_netfilter overlay vxlan'
# (providers/host/inspection/preflight-facts.sh)
main() { facts; certificates; preflight_facts; expected_state; say end; }
main </dev/null

set -euo pipefail
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=base-packages
. /var/lib/homelab/library.sh || { echo "$host: $step: /var/lib/homelab/library.sh can't be read; run pulumi refresh, then pulumi up: it is written again" >&2; exit 1; }
export http_proxy='http://proxy.example/'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s'
export no_proxy=''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s'
main() {
begin
install_missing ca-certificates conntrack curl ethtool gnupg iproute2 iptables kmod libseccomp2 mount procps socat
expect package ca-certificates '*'
expect package conntrack '*'
expect package curl '*'
expect package ethtool '*'
expect package gnupg '*'
expect package iproute2 '*'
expect package iptables '*'
expect package kmod '*'
expect package libseccomp2 '*'
expect package mount '*'
expect package procps '*'
expect package socat '*'
write_expected
}
main </dev/null

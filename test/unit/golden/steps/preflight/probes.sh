export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec perl - homelab-0123456789abcdef 4 listen:tcp:10250:1 listen:tcp:4240:1 listen:udp:8472:1 listen:tcp:4244:1 probe:tcp:6443:10.90.0.11:4 probe:tcp:10250:10.90.0.11:5 probe:tcp:4240:10.90.0.11:6 probe:udp:8472:10.90.0.11:7 probe:tcp:4244:10.90.0.11:8 <<'PROBE'
# (providers/host/preflight/probe.pl)
PROBE

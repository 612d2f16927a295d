set -euo pipefail
host='cp1'\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' step=library
# (the library)
main() {
begin
library | write_file /var/lib/homelab/library.sh 644
rm -rf -- /var/lib/homelab/claims
expect file /var/lib/homelab/library.sh
write_expected
}
main </dev/null

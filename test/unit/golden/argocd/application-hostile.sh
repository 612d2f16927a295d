set -euo pipefail
host=$(hostname) step=cluster
# (the library)
main() {
require_cluster
kubectl -n ''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' get applications.argoproj.io ''\''; touch /pwned; "$(touch /pwned)" `touch /pwned` %s' --ignore-not-found -o json
}
main </dev/null

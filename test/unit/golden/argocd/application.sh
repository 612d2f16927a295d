set -euo pipefail
host=$(hostname) step=cluster
# (the library)
main() {
require_cluster
kubectl -n argocd get applications.argoproj.io root --ignore-not-found -o json
}
main </dev/null

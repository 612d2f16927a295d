set -euo pipefail
host=$(hostname) step=cluster
# (the library)
main() {
require_cluster
kubectl -n argocd annotate applications.argoproj.io root argocd.argoproj.io/refresh=hard --overwrite >/dev/null
}
main </dev/null

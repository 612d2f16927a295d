set -euo pipefail
host=$(hostname) step=cluster
# (the library)
main() {
require_cluster
# (providers/argocd/applications.sh)
}
main </dev/null

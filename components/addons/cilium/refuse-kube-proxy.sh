found=$(kubectl -n kube-system get daemonsets,pods -l k8s-app=kube-proxy -o name) || die "the cluster can't be asked for a kube-proxy" "see the message above"
if [ -n "$found" ]; then
  echo "$found" >&2
  die "there is a kube-proxy (above), and Cilium would do the same work beside it: both would translate services" "remove it with 'kubectl -n kube-system delete daemonset/kube-proxy configmap/kube-proxy' and restart the nodes, whose iptables rules it leaves; or keep it and set addons.cilium.values.kubeProxyReplacement: false"
fi

import type { Kubectl } from "./kubectl";
import type { TestHost } from "../machines/test-host";

interface NodeList {
  items: { status: { conditions: { type: string; lastTransitionTime: string }[] } }[];
}

/** From the last line that kubeadm wrote on any host until the last node became Ready, in seconds. */
export async function secondsToReady(hosts: TestHost[], kubectl: Kubectl): Promise<number> {
  const logs = "stat -c %Y /var/log/homelab/kubeadm-init.log /var/log/homelab/kubeadm-join.log 2>/dev/null || true";
  const ends = await Promise.all(hosts.map(async (host) => (await host.run(logs)).trim().split("\n").map(Number)));
  const { items } = await kubectl.json<NodeList>("get", "nodes");
  const ready = items.map(({ status }) =>
    Date.parse(status.conditions.find(({ type }) => type === "Ready")?.lastTransitionTime ?? ""),
  );
  return Math.max(...ready) / 1000 - Math.max(...ends.flat());
}

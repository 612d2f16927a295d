import { z } from "zod";
import type { AddonsSettings } from "../../../settings";
import { described } from "../../../settings/fields";
import { valueOf } from "../../../settings/places";
import type { Rule } from "../../../settings/rule";
import { chartValues } from "../addon";
import type { Values } from "../values";

export const schema = described(
  "The network of the cluster, in kube-proxy's place too",
  z.strictObject({
    enabled: described("Install Cilium; without it the nodes wait for a network of your own", z.boolean()).default(
      true,
    ),
    hubble: described(
      "Observation of the network",
      z.strictObject({
        enabled: described("Observe flows on each node", z.boolean()).default(true),
        relay: described("Collect the flows of all nodes", z.boolean()).default(true),
        metrics: described(
          "Count flows, drops and DNS answers for Prometheus, on port 9965 of each node",
          z.boolean(),
        ).default(false),
        ui: described("Show them in a web page; needs the relay", z.boolean()).default(false),
      }),
    ).prefault({}),
    mtu: described("MTU of the nodes' network; found out by default", z.number().int().min(1280).max(9216)).optional(),
    values: chartValues,
  }),
).prefault({});

export const rule: Rule = ({ addons: { cilium } }, report) => {
  const { enabled, relay, metrics, ui } = cilium.hubble;
  const off = valueOf(enabled) === false;
  if (off && valueOf(relay)) report(relay, "true needs hubble.enabled");
  if (off && valueOf(metrics)) report(metrics, "true needs hubble.enabled");
  if (valueOf(ui) && (off || valueOf(relay) === false)) report(ui, "true needs hubble.enabled and hubble.relay");
};

/** Translating services for sockets inside pods would bypass the proxies of Tailscale's operator, which redirect traffic themselves. */
export function valueProblems(values: Values, { tailscale }: AddonsSettings): string[] {
  const { socketLB } = values as { socketLB?: { hostNamespaceOnly?: unknown } | null };
  if (!tailscale.enabled || socketLB?.hostNamespaceOnly === true) return [];
  return [
    "socketLB.hostNamespaceOnly must be true while addons.tailscale.enabled is true: the operator's proxies get no traffic otherwise. Set addons.cilium.values.socketLB.hostNamespaceOnly: true",
  ];
}

import { z } from "zod";
import * as format from "./formats";
import { described } from "./node";
import { secretText } from "./secret";

const values = described(
  "Values of the chart, merged over the program's own",
  z.record(z.string(), z.unknown()),
).prefault({});
const off = (what: string) => described(`Install ${what} (not built yet)`, z.boolean()).default(false);

const ciliumSchema = z.strictObject({
  enabled: described("Install Cilium; without it the nodes wait for a network of your own", z.boolean()).default(true),
  hubble: described(
    "Observation of the network",
    z.strictObject({
      enabled: described("Observe flows on each node", z.boolean()).default(true),
      relay: described("Collect the flows of all nodes", z.boolean()).default(true),
      ui: described("Show them in a web page; needs the relay", z.boolean()).default(false),
    }),
  ).prefault({}),
  mtu: described("MTU of the pod network; found out by default", z.number().int().min(1280).max(9216)).optional(),
  values,
});

const longhornSchema = z.strictObject({
  enabled: off("Longhorn"),
  replicas: described("Copies of each volume", z.number().int().min(1).max(5)).optional(),
  dataPath: format.text(format.absolutePath, "Folder on each node").optional(),
  values,
});

const tailscaleSchema = z.strictObject({
  enabled: off("the Tailscale operator"),
  hostname: format.text(format.nodeName, "Name of the operator in the tailnet").optional(),
  tags: described("Tags of the devices", z.array(format.text(format.tailscaleTag, "Tag"))).prefault([]),
  oauth: described(
    "OAuth client of the operator",
    z.strictObject({
      clientId: format.text(format.loginName, "Id of the OAuth client"),
      clientSecret: secretText("Secret of the OAuth client"),
    }),
  ).optional(),
  values,
});

const argocdSchema = z.strictObject({
  enabled: off("Argo CD"),
  values,
});

export const addonsSchema = z.strictObject({
  cilium: described("The network of the cluster, in kube-proxy's place too", ciliumSchema).prefault({}),
  longhorn: described("Replicated volumes on the nodes' disks", longhornSchema).prefault({}),
  tailscale: described("Access from a tailnet", tailscaleSchema).prefault({}),
  argocd: described("Everything else, from a Git repository", argocdSchema).prefault({}),
});

export const gitopsSchema = z.strictObject({
  repoURL: format.text(format.gitUrl, "The repository that Argo CD follows"),
  path: format.text(format.gitWord, "Folder in it").default("."),
  revision: format.text(format.gitWord, "Branch, tag or commit").default("main"),
});

import { z } from "zod";
import { argocdSchema } from "./addons/argocd";
import { ciliumSchema } from "./addons/cilium";
import { longhornSchema } from "./addons/longhorn";
import { tailscaleSchema } from "./addons/tailscale";
import { described } from "./node";

export const addonsSchema = z.strictObject({
  cilium: described("The network of the cluster, in kube-proxy's place too", ciliumSchema).prefault({}),
  longhorn: described("Replicated volumes on the nodes' disks", longhornSchema).prefault({}),
  tailscale: described("Access from a tailnet", tailscaleSchema).prefault({}),
  argocd: described("Everything else, from a Git repository", argocdSchema).prefault({}),
});

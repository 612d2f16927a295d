import { z } from "zod";
import { argocdSchema } from "../components/addons/argocd/settings";
import { ciliumSchema } from "../components/addons/cilium/settings";
import { longhornSchema } from "../components/addons/longhorn/settings";
import { tailscaleSchema } from "../components/addons/tailscale/settings";
import { described } from "./node";

export const addonsSchema = z.strictObject({
  cilium: described("The network of the cluster, in kube-proxy's place too", ciliumSchema).prefault({}),
  longhorn: described("Replicated volumes on the nodes' disks", longhornSchema).prefault({}),
  tailscale: described("Access from a tailnet", tailscaleSchema).prefault({}),
  argocd: described("Everything else, from a Git repository", argocdSchema).prefault({}),
});

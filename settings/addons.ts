import { z } from "zod";
import { argocdSchema } from "./addons/argocd";
import { ciliumSchema } from "./addons/cilium";
import { longhornSchema } from "./addons/longhorn";
import { tailscaleSchema } from "./addons/tailscale";
import * as format from "./formats";
import { described } from "./node";

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

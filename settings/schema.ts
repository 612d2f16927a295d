import { z } from "zod";
import { addons, addonsSchema } from "../components/addons/list";
import { gitopsSchema } from "../components/addons/argocd/settings";
import { clusterSchema, containerdSchema, mirrorsSchema, proxySchema, sysctlsSchema } from "./cluster";
import { machinesSchema } from "./machines";
import { described } from "./node";
import type { Rule } from "./rule";
import { sshSchema } from "./ssh";

/** Every setting of a stack: the keys of `homelab:` in Pulumi.<stack>.yaml. */
export const settingsSchema = z.strictObject({
  machines: described("The machines that become the nodes", machinesSchema),
  cluster: described("Kubernetes", clusterSchema).prefault({}),
  containerd: described("The container runtime", containerdSchema).prefault({}),
  sysctls: sysctlsSchema.prefault({}),
  mirrors: described("Where packages and charts come from", mirrorsSchema).prefault({}),
  addons: described("What is installed into the cluster", addonsSchema).prefault({}),
  ssh: described(
    "How existing hosts are reached (kind metal). Each but `connectTimeoutSeconds` can be another for one host, under its own `ssh`. A host that names a way to log in inherits no other",
    sshSchema,
  ).prefault({}),
  gitops: gitopsSchema.optional(),
  proxy: described(
    "Proxy for the hosts' own downloads: packages and images. What runs in the cluster is told by values of its own, for instance `addons.argocd.values.repoServer.env`",
    proxySchema,
  ).optional(),
});

/** What must be true between settings. Their problems are reported in this order, after those of single settings. */
export const rules: readonly Rule[] = addons.flatMap(({ rule }) => rule ?? []);

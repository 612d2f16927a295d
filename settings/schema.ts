import { z } from "zod";
import { addons } from "../components/addons/list";
import { gitopsSchema } from "../components/addons/argocd/settings";
import { addonsSchema } from "./addons";
import { clusterRule, clusterSchema } from "./cluster";
import { containerdRule, containerdSchema } from "./containerd";
import { kernelDefaultsRule } from "./kernel-defaults";
import { machinesRule, machinesSchema } from "./machines";
import { mirrorsSchema } from "./mirrors";
import { networksRule } from "./networks";
import { nodesRule } from "./nodes";
import { preflightSchema } from "./preflight";
import { proxySchema } from "./proxy";
import { described } from "./fields";
import type { Rule } from "./rule";
import { sshRule, sshSchema } from "./ssh";
import { modulesSchema, sysctlsSchema } from "./sysctls";

/** Every setting of a stack: the keys of `homelab:` in Pulumi.<stack>.yaml. */
export const settingsSchema = z.strictObject({
  machines: described("The machines that become the nodes", machinesSchema),
  cluster: described("Kubernetes", clusterSchema).prefault({}),
  containerd: described("The container runtime", containerdSchema).prefault({}),
  modules: modulesSchema.prefault([]),
  sysctls: sysctlsSchema.prefault({}),
  mirrors: described("Where packages and charts come from", mirrorsSchema).prefault({}),
  addons: described("What is installed into the cluster", addonsSchema).prefault({}),
  ssh: described(
    "How existing hosts are reached (kind metal). Each but `connectTimeoutSeconds` can be another for one host, under its own `ssh`. A host that names a login method inherits no other",
    sshSchema,
  ).prefault({}),
  gitops: gitopsSchema.optional(),
  preflight: described("The checks of all hosts before the first change on any", preflightSchema).prefault({}),
  proxy: described(
    "Proxy for the hosts' own downloads: packages and images. What runs in the cluster is told by values of its own, for instance `addons.argocd.values.repoServer.env`",
    proxySchema,
  ).optional(),
});

/** What must be true between settings. Their problems are reported in this order, after those of single settings. */
export const rules: readonly Rule[] = [
  nodesRule,
  machinesRule,
  networksRule,
  clusterRule,
  containerdRule,
  kernelDefaultsRule,
  sshRule,
  ...addons.flatMap(({ settings }) => settings().rule ?? []),
];

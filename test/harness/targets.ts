/** Arguments that limit a run of the real program to its machines, their inspection and their steps: no cluster. */
export const HOSTS_ONLY = [
  "**homelab:machines:Machines**",
  "**pulumi-nodejs:dynamic/host:Inspection**",
  "**homelab:node:PreparedNode**",
].flatMap((pattern) => ["--target", pattern]);

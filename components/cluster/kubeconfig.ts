import { dump, load } from "js-yaml";

/** The parts of a kubeconfig that name each other. */
interface Kubeconfig {
  clusters: { name: string; cluster: { server: string } }[];
  users: { name: string }[];
  contexts: { name: string; context: { cluster: string; user: string } }[];
  "current-context": string;
}

/**
 * admin.conf with the address by which the API server is reached from outside; empty where there is no admin.conf yet, as in
 * a run that `--target` limits to the machines. What a noisy login shell prints before it is skipped.
 */
export function kubeconfig(output: string | undefined, host: string, port: number): string {
  const adminConf = /^apiVersion:[^]*/m.exec(output ?? "")?.[0];
  if (!adminConf) return "";
  const config = load(adminConf) as Kubeconfig;
  for (const { cluster } of config.clusters) cluster.server = `https://${host}:${port}`;
  return dump(config, { lineWidth: -1 });
}

/**
 * A kubeconfig for people. kubeadm gives every cluster of this program the same names, so that in one file with others, as
 * `KUBECONFIG=a:b` makes it, one would hide the other: here cluster and context are called `name`, and the user `name`-admin.
 */
export function namedKubeconfig(text: string, name: string): string {
  if (text === "") return "";
  const config = load(text) as Kubeconfig;
  const user = `${name}-admin`;
  for (const cluster of config.clusters) cluster.name = name;
  for (const one of config.users) one.name = user;
  for (const context of config.contexts)
    Object.assign(context, { name, context: { ...context.context, cluster: name, user } });
  config["current-context"] = name;
  return dump(config, { lineWidth: -1 });
}

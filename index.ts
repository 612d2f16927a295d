import * as pulumi from "@pulumi/pulumi";
import { Cluster } from "./components/cluster/cluster";
import { clusterEndpoint } from "./components/cluster/endpoint";
import { namedKubeconfig } from "./components/cluster/kubeconfig";
import { Machines } from "./components/machines";
import { prepareNodes } from "./components/node/prepare-nodes";
import { fetchCharts } from "./components/addons/charts";
import { Platform } from "./components/addons/platform";
import { startDrivers } from "./providers/driver-provider";
import { loadSettings } from "./settings";
import { versions } from "./versions";

/** settings → machines → prepared nodes → cluster → platform → outputs */
export = async () => {
  const settings = loadSettings();
  const charts = await fetchCharts(settings);
  await startDrivers();

  const machines = new Machines("machines", settings.machines);
  const nodes = prepareNodes(machines.all, settings);
  const cluster = new Cluster("cluster", {
    name: pulumi.getProject(),
    settings: settings.cluster,
    endpoint: clusterEndpoint(settings, machines.all),
    nodes,
  });
  const platform = new Platform("platform", { cluster, settings, charts });

  return {
    nodes: machines.all.map(({ name, role, address }) => ({ name, role, address })),
    endpoint: pulumi.interpolate`https://${cluster.endpoint.host}:${cluster.endpoint.port}`,
    versions: { kubernetes: settings.cluster.kubernetesVersion, containerd: versions.containerd, ...platform.versions },
    kubeconfig: cluster.kubeconfig.apply((text) =>
      namedKubeconfig(text, `${pulumi.getProject()}-${pulumi.getStack()}`),
    ),
    ...platform.outputs,
  };
};

import { Release, type ReleaseArgs } from "@pulumi/kubernetes/helm/v3/release";
import * as pulumi from "@pulumi/pulumi";
import { KubernetesApi } from "../cluster/kubernetes-api";
import { mapSecrets } from "../../settings/fields";
import type { FetchedChart } from "./chart";
import { descriptionOf, forget, type HelmRecord, helmRecords, type ReleaseName } from "./helm-records";
import type { Values } from "./values";

/** `helm history` shows it beside every revision that came to its end: it tells who deployed the release. */
export const OWNER = "Deployed by Pulumi";

/** How long the API may take to answer, in seconds: the control plane is young, and busy. */
const ANSWER_SECONDS = 30;

type HelmReleaseArgs = Omit<ReleaseArgs, "description" | "chart" | "values"> & { chart: FetchedChart; values: Values };

/**
 * The Helm releases of one cluster: the only place that makes them.
 *
 * A run that is killed while Helm works leaves a record that makes Helm refuse the next install or upgrade ("cannot re-use a
 * name that is still in use", "another operation is in progress"), and the Kubernetes plugin leaves that to a person. So
 * before each install or upgrade what a killed run left is listed, and Helm forgets it. Nothing that was deployed is touched:
 * the next operation takes it over, because it carries the release's name.
 */
export class HelmReleases {
  private readonly hooks: pulumi.ResourceHookBinding;

  /** @param kubeconfig of an administrator */
  constructor(kubeconfig: pulumi.Output<string>) {
    // Hooks run right before the step itself: never in a preview, nor where the release stays as it is.
    const before = (name: string, unfinished: typeof unfinishedInstall) =>
      new pulumi.ResourceHook(name, async ({ newInputs }) => {
        const release = await resolved(pulumi.output(newInputs as { namespace: string; name: string }));
        await forgetUnfinished(await resolved(kubeconfig), release, unfinished);
      });
    this.hooks = {
      beforeCreate: [before("helm-before-install", unfinishedInstall)],
      beforeUpdate: [before("helm-before-upgrade", unfinishedUpgrade)],
    };
  }

  /** @param values in place of the chart's own: complete. A secret in them stays one in previews and in the state. */
  add(name: string, { chart, ...args }: HelmReleaseArgs, opts: pulumi.CustomResourceOptions): Release {
    const values = mapSecrets(args.values, (secret) => pulumi.secret(secret.reveal()));
    // Not known in a preview that comes before the first fetch.
    const path = pulumi.output<string>(chart.path ?? (pulumi.unknown as unknown as string));
    return new Release(name, { ...args, values, chart: path, description: OWNER }, { ...opts, hooks: this.hooks });
  }
}

/** Which records keep Helm from its next operation. */
type Unfinished = (
  records: HelmRecord[],
  describe: (record: HelmRecord) => Promise<string | undefined>,
) => Promise<HelmRecord[]>;

/**
 * Before an install Pulumi knows of no release, and Helm takes no name that it has a record of. A release that was not
 * deployed by Pulumi stays, and Helm refuses it in its own words. A deployed one of ours is there where the plugin outlived a killed engine.
 *
 * @param records the latest first
 */
const unfinishedInstall: Unfinished = async (records, describe) => {
  const deployed = records.find(({ status }) => status === "deployed");
  return deployed && (await describe(deployed)) !== OWNER ? [] : records;
};

/** Before an upgrade only the latest record can be in the way; the revision below it is what Helm goes on from. */
const unfinishedUpgrade: Unfinished = async ([latest]) => {
  return latest && /^pending-/.test(latest.status) ? [latest] : [];
};

async function forgetUnfinished(kubeconfig: string, release: ReleaseName, unfinished: Unfinished): Promise<void> {
  const api = new KubernetesApi(kubeconfig, ANSWER_SECONDS);
  try {
    const records = await unfinished(await helmRecords(api, release), (record) => descriptionOf(api, release, record));
    const [latest] = records;
    if (!latest) return;
    await pulumi.log.warn(
      `Helm release ${release.namespace}/${release.name} was left ${latest.status} by a run that was killed: it is done again`,
    );
    for (const record of records) await forget(api, release, record);
  } finally {
    api.close();
  }
}

/** The value itself. Steps are taken when all that they need is known. */
function resolved<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => void output.apply((value) => resolve(value)));
}

import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { ArgocdApplications, ArgocdPassword, GitopsSync } from "../../../providers/argocd/resource";
import type { ArgocdSettings, GitopsSettings } from "../../../settings";
import { type Machine, sshTarget } from "../../../providers/machines/machine";
import {
  ADMIN_SECRET,
  CLUSTER_DATA,
  clusterSecretMarks,
  credentialsDigest,
  encoded,
  NAMESPACE,
  REPOSITORY_SECRET,
  repositoryData,
  ROOT,
  rootApplication,
  type SecretMarks,
  sourceOf,
} from "./objects";
import type { FetchedChart } from "../chart";
import { chartPath } from "../charts";
import type { HelmReleases } from "../helm-releases";
import { mergeValues } from "../values";

export interface ArgocdArgs {
  /** Where its release is added. */
  releases: HelmReleases;
  chart: FetchedChart;
  settings: ArgocdSettings;
  /** The repository that it follows; without one it waits for Applications of the user's own. */
  gitops?: GitopsSettings;
  /** Where kubectl can be run. */
  controlPlane: Machine;
  /** Changes exactly when the cluster is another one. */
  cluster: pulumi.Input<string>;
  /** What must be there first. Not the component's own `dependsOn`: see Cilium. */
  after: pulumi.Resource[];
  /** What the repository's objects may use: there before them, and until they are gone, because it alone can take them back. */
  services: pulumi.Resource[];
}

/** Long enough for images to be pulled over a slow line. */
const TIMEOUT_SECONDS = 900;
/** The root Application goes when all that it deployed is gone: volumes and load balancers take their time. */
const DELETE_TIMEOUT = "20m";

/**
 * Argo CD, and the root Application that hands the cluster over to a Git repository. Everything that has a deployment's life
 * is deleted in the opposite order: the root Application with all that it deployed, then Argo CD.
 */
export class Argocd extends pulumi.ComponentResource {
  readonly version: string;
  /** Password of the user `admin`. Secret. */
  readonly adminPassword: pulumi.Output<string>;

  private readonly namespace: Namespace;

  constructor(name: string, args: ArgocdArgs, opts?: pulumi.ComponentResourceOptions) {
    super("homelab:platform:Argocd", name, {}, opts);
    this.version = args.chart.version;
    const { controlPlane, cluster } = args;

    this.namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE } },
      { parent: this, dependsOn: args.after },
    );
    const given = pulumi.secret(args.settings.adminPassword?.reveal() ?? "");
    const admin = new ArgocdPassword(`${name}-password`, { given }, { parent: this });
    this.adminPassword = admin.password;
    const { hash, changedAt } = admin;
    const secret = this.secret(`${name}-secret`, ADMIN_SECRET, {
      "admin.password": hash,
      "admin.passwordMtime": changedAt,
    });

    const release = args.releases.add(
      `${name}-release`,
      {
        name: "argocd",
        namespace: this.namespace.metadata.name,
        chart: chartPath(args.chart),
        values: mergeValues(args.chart.values, args.settings.values),
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: [secret] },
    );
    const applications = new ArgocdApplications(
      `${name}-applications`,
      { controlPlane: sshTarget(controlPlane), cluster },
      { parent: this, dependsOn: [release] },
    );
    if (args.gitops) this.follow(name, args, args.gitops, applications);
    this.registerOutputs();
  }

  private follow(
    name: string,
    { controlPlane, cluster, services }: ArgocdArgs,
    gitops: GitopsSettings,
    applications: ArgocdApplications,
  ): void {
    const login = repositoryData(gitops);
    const secrets = [
      this.secret(`${name}-cluster`, clusterSecretMarks(gitops), CLUSTER_DATA),
      ...(login ? [this.secret(`${name}-repository`, REPOSITORY_SECRET, login)] : []),
    ];
    const root = new CustomResource(`${name}-root`, rootApplication(gitops), {
      parent: this,
      dependsOn: [applications, ...secrets, ...services],
      customTimeouts: { delete: DELETE_TIMEOUT },
    });
    if (!gitops.await) return;
    new GitopsSync(
      `${name}-sync`,
      {
        controlPlane: sshTarget(controlPlane),
        cluster,
        namespace: NAMESPACE,
        application: ROOT,
        source: sourceOf(gitops),
        credentials: pulumi.secret(credentialsDigest(gitops)),
      },
      { parent: this, dependsOn: [root] },
    );
  }

  private secret(name: string, marks: SecretMarks, data: Record<string, pulumi.Input<string>>): Secret {
    const metadata = { ...marks, namespace: this.namespace.metadata.name };
    const values = pulumi.secret(pulumi.output(data).apply(encoded));
    return new Secret(name, { metadata, data: values }, { parent: this });
  }
}

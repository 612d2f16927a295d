import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Namespace, Secret } from "@pulumi/kubernetes/core/v1";
import * as pulumi from "@pulumi/pulumi";
import { ArgocdApplications, ArgocdPassword, GitopsSync } from "../../../providers/argocd/resource";
import { sshTarget } from "../../../providers/machines/machine";
import type { GitopsSettings } from "../../../settings";
import type { AddonContext, Installed } from "../addon";
import { mergeValues } from "../values";
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
  rootProject,
  type SecretMarks,
  sourceOf,
} from "./objects";

/** Long enough for images to be pulled over a slow line. */
const TIMEOUT_SECONDS = 900;
/** The root Application is deleted when all that it deployed is gone: volumes and load balancers take their time. */
const DELETE_TIMEOUT = "20m";

export function install(context: AddonContext): Installed {
  const component = new Argocd("argocd", context);
  return { component, outputs: { argocd: pulumi.secret({ adminPassword: component.adminPassword }) } };
}

/**
 * Argo CD, and the root Application that hands the cluster over to a Git repository. All of it is deleted in the opposite order: the
 * root Application with all that it deployed, then Argo CD.
 */
export class Argocd extends pulumi.ComponentResource {
  /** Password of the user `admin`. Secret. */
  readonly adminPassword: pulumi.Output<string>;

  private readonly namespace: Namespace;

  constructor(name: string, context: AddonContext) {
    super("homelab:platform:Argocd", name, {}, context.inCluster);
    const { cluster, chart, releases } = context;
    const { addons, gitops } = context.settings;
    const settings = addons.argocd;

    this.namespace = new Namespace(
      `${name}-namespace`,
      { metadata: { name: NAMESPACE } },
      { parent: this, dependsOn: context.ready },
    );
    const given = pulumi.secret(settings.adminPassword?.reveal() ?? "");
    const admin = new ArgocdPassword(`${name}-password`, { given }, { parent: this });
    this.adminPassword = admin.password;
    const { hash, changedAt } = admin;
    const secret = this.secret(`${name}-secret`, ADMIN_SECRET, {
      "admin.password": hash,
      "admin.passwordMtime": changedAt,
    });

    const release = releases.add(
      `${name}-release`,
      {
        name: "argocd",
        namespace: this.namespace.metadata.name,
        chart,
        values: mergeValues(chart.values, settings.values),
        timeout: TIMEOUT_SECONDS,
      },
      { parent: this, dependsOn: [secret] },
    );
    // Argo CD deletes what an Application deployed only while its project is there: it is deleted after them.
    const project = gitops
      ? [new CustomResource(`${name}-project`, rootProject(gitops), { parent: this, dependsOn: [release] })]
      : [];
    const applications = new ArgocdApplications(
      `${name}-applications`,
      { controlPlane: sshTarget(cluster.controlPlane), cluster: cluster.identity },
      { parent: this, dependsOn: [release, ...project] },
    );
    if (gitops) this.follow(name, context, gitops, [applications, ...project]);
    this.registerOutputs();
  }

  private follow(
    name: string,
    { cluster, services }: AddonContext,
    gitops: GitopsSettings,
    after: pulumi.Resource[],
  ): void {
    const login = repositoryData(gitops);
    const secrets = [
      this.secret(`${name}-cluster`, clusterSecretMarks(gitops), CLUSTER_DATA),
      ...(login ? [this.secret(`${name}-repository`, REPOSITORY_SECRET, login)] : []),
    ];
    const root = new CustomResource(`${name}-root`, rootApplication(gitops), {
      parent: this,
      dependsOn: [...after, ...secrets, ...services],
      customTimeouts: { delete: DELETE_TIMEOUT },
    });
    if (!gitops.await) return;
    new GitopsSync(
      `${name}-sync`,
      {
        controlPlane: sshTarget(cluster.controlPlane),
        cluster: cluster.identity,
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

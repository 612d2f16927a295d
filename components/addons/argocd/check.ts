import { NAMESPACE, ROOT } from "./objects";
import { poll } from "../../../providers/poll";
import { actionFor, type Application } from "../../../providers/argocd/applications";
import type { Check } from "../../../checks/check";
import { failed, few, type Finding, ok, skipped } from "../../../checks/finding";

const NAME = "GitOps sync";
/** A commit that is just being deployed may take so long, in seconds. */
const PATIENCE_SECONDS = 60;

/** The root Application, and all that came from it, are Synced and Healthy. */
export const gitopsCheck: Check = {
  subjects: [NAME],
  limitSeconds: PATIENCE_SECONDS + 30,
  async run({ access: { api, expected }, signal }) {
    if (!expected.addons.includes("argocd")) return [skipped(NAME, "addons.argocd is off")];
    const { gitops } = expected;
    if (!gitops) return [skipped(NAME, "gitops is not set: the cluster follows no repository")];
    let finding: Finding | undefined;
    await poll(
      async () => {
        finding = gitopsFinding(await api.list<Application>("/apis/argoproj.io/v1alpha1/applications"), gitops);
        return finding.status === "ok" ? true : undefined;
      },
      { limitSeconds: PATIENCE_SECONDS, signal },
    );
    return finding ? [finding] : [];
  },
};

export function gitopsFinding(applications: Application[], repository: string): Finding {
  if (!applications.some(({ metadata }) => metadata.name === ROOT)) {
    return failed(NAME, `the root Application of ${repository} is missing`, "`make up` makes it.");
  }
  const behind = applications.filter((application) => complaint(application) !== undefined);
  if (behind.length === 0) return ok(NAME, `all ${applications.length} Applications are Synced and Healthy`);
  const said = behind.map((application) => `${application.metadata.name}: ${complaint(application)}`);
  return failed(
    NAME,
    few(said),
    `${actionFor(said.join(" "))}. In full: kubectl -n ${NAMESPACE} describe application ${behind[0]?.metadata.name}`,
  );
}

/** Why an Application is not Synced and Healthy, in Argo CD's words; `undefined` where it is. */
function complaint({ status }: Application): string | undefined {
  const error = status?.conditions?.find(({ type }) => /Error$/.test(type));
  if (error) return `${error.type}: ${error.message}`;
  const [sync, health] = [status?.sync?.status ?? "Unknown", status?.health?.status ?? "Unknown"];
  if (sync === "Synced" && health === "Healthy") return undefined;
  const { phase, message } = status?.operationState ?? {};
  const resources = (status?.resources ?? []).filter(
    (each) => each.status === "OutOfSync" || (each.health?.status ?? "Healthy") !== "Healthy",
  );
  return [
    `it is ${sync} and ${health}`,
    ...(phase === "Failed" || phase === "Error" ? [`sync ${phase}: ${message ?? ""}`] : []),
    ...resources.map(
      (each) => `${each.kind} ${each.name} is ${[each.status, each.health?.status].filter(Boolean).join(" and ")}`,
    ),
  ].join(", ");
}

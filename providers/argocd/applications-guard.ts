import { type Guard, guardDriver } from "../guard";
import type { Application } from "./applications";
import { applicationsScript } from "./kubectl";

/**
 * Argo CD is deleted after its Applications: it alone can delete what they deployed, and a later Argo CD would act on one that
 * stayed behind. Those of a deleted ApplicationSet are deleted one after the other.
 */
export const applicationsGuard: Guard<Application> = {
  id: "applications",
  doing: "waiting until no Application of Argo CD is left",
  script: applicationsScript,
  parse: (printed) => (JSON.parse(printed) as { items: Application[] }).items,
  refusal: (left, kept) => ({
    problem: `still there: ${left.map(withReason).join(", ")}`,
    action:
      kept.length > 0
        ? `Nothing deletes ${kept.map(fullName).join(", ")}: they are not of the repository in gitops. Delete them yourself (kubectl -n argocd delete application NAME), then run the same command again`
        : "Argo CD is deleting what they deployed and can't: see the reasons, and its application-controller's log; then run the same command again",
  }),
};

export const applicationsDriver = guardDriver(applicationsGuard);

function withReason(application: Application): string {
  const said = application.status?.conditions?.map(({ type, message }) => `${type}: ${message}`).join("; ");
  return said ? `${fullName(application)} (${said})` : fullName(application);
}

function fullName({ metadata }: Application): string {
  return `${metadata.namespace ?? "argocd"}/${metadata.name}`;
}

import { clusterScript } from "../host/shell/script";
import { type Guard, type Guarded, guardDriver } from "../guard";

/** An object that the operator has taken up. */
export interface TakenUp extends Guarded {
  kind: string;
}

/** The operator is deleted after what it has taken up: a device whose object stayed behind would stay in the tailnet. */
export const tailscaleObjectsGuard: Guard<TakenUp> = {
  id: "objects",
  doing: "waiting until no object needs Tailscale's operator",
  script: takenUpScript,
  parse: parseTakenUp,
  refusal: (left, kept) => ({
    problem: `the operator has taken up, and alone can let go: ${left.map(fullName).join(", ")}`,
    action:
      kept.length > 0
        ? `Delete them while it runs, in the repository where they come from one, else by: ${kept.map(deleting).join("; ")}. Then run the same command again`
        : `They are being deleted, and the operator doesn't let them go: kubectl -n tailscale logs deployment/operator says why. Where it never will, as with an OAuth client that was revoked, remove their devices in the admin console, and their finalizers by: ${left.map(releasing).join("; ")}. Then run the same command again`,
  }),
};

export const tailscaleObjectsDriver = guardDriver(tailscaleObjectsGuard);

/**
 * Prints a line `KIND|NAMESPACE|NAME|DELETED SINCE` for each object that only Tailscale's operator can let go: it has put a finalizer of
 * its own on it. What the operator made itself is left out: it is deleted with what it was made for.
 */
export function takenUpScript(): string {
  return clusterScript(`own=$(kubectl api-resources --api-group=tailscale.com --verbs=list -o name | paste -sd,)
kubectl get "ingresses.networking.k8s.io,services\${own:+,$own}" --all-namespaces -o jsonpath='{range .items[*]}{.kind}|{.metadata.namespace}|{.metadata.name}|{.metadata.deletionTimestamp}|{.metadata.labels.tailscale\\.com/managed}|{.metadata.finalizers[*]}{"\\n"}{end}' |
  awk -F'|' '$5 != "true" && $6 ~ /(^| )tailscale\\.com\\// { print $1 "|" $2 "|" $3 "|" $4 }'`);
}

/** Reads what the script prints. */
export function parseTakenUp(text: string): TakenUp[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [kind = "", namespace, name = "", deletionTimestamp] = line.split("|");
      return {
        kind: kind.toLowerCase(),
        metadata: {
          name,
          ...(namespace ? { namespace } : {}),
          ...(deletionTimestamp ? { deletionTimestamp } : {}),
        },
      };
    });
}

function fullName({ kind, metadata: { namespace, name } }: TakenUp): string {
  return `${kind} ${namespace ? `${namespace}/` : ""}${name}`;
}

function deleting(object: TakenUp): string {
  return `kubectl${inNamespace(object)} delete ${object.kind} ${object.metadata.name}`;
}

function releasing(object: TakenUp): string {
  const { kind, metadata } = object;
  return `kubectl${inNamespace(object)} patch ${kind} ${metadata.name} --type merge -p '{"metadata":{"finalizers":null}}'`;
}

function inNamespace({ metadata: { namespace } }: TakenUp): string {
  return namespace ? ` -n ${namespace}` : "";
}

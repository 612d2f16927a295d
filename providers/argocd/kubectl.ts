import { readShell } from "../host/shell/library";
import { clusterScript } from "../host/shell/script";
import { quote } from "../host/shell/quote";
import { REFRESH } from "./applications";

/** Prints every Application of the cluster as JSON lists have it; an empty list where there is no such kind. */
export function applicationsScript(): string {
  return clusterScript(readShell(__dirname, "applications.sh").trimEnd());
}

/** Prints one Application, or nothing. */
export function applicationScript(namespace: string, name: string): string {
  return clusterScript(
    `kubectl -n ${quote(namespace)} get applications.argoproj.io ${quote(name)} --ignore-not-found -o json`,
  );
}

/** Has Argo CD ask the repository at once: else it answers for minutes what it heard with the old credentials. */
export function refreshScript(namespace: string, name: string): string {
  return clusterScript(
    `kubectl -n ${quote(namespace)} annotate applications.argoproj.io ${quote(name)} ${REFRESH}=hard --overwrite >/dev/null`,
  );
}

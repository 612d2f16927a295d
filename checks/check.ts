import type { ClusterAccess } from "./access";
import type { Finding } from "./finding";
import type { OwnNamespace } from "./own-namespace";

/** What a check works with. */
export interface CheckContext {
  access: ClusterAccess;
  /** Where it may make objects; they are deleted with it. */
  namespace: OwnNamespace;
  /** Of the pods that it makes. */
  image: string;
  /** Ends the check: Ctrl-C, or its time limit. */
  signal: AbortSignal;
}

/** Checks one thing, or a few that are found out together. */
export interface Check {
  /** The subjects of its findings, in this order; where it can't go on, the first fails and the others are skipped. */
  subjects: readonly [string, ...string[]];
  limitSeconds: number;
  run(context: CheckContext): Promise<Finding[]>;
}

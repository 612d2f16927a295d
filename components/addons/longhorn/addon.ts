/* eslint-disable @typescript-eslint/no-require-imports -- loaded when it is needed: see `Addon`. */
import type { Addon } from "../addon";

/** Where Longhorn and its objects are, in every cluster that has it. */
export const LONGHORN_NAMESPACE = "longhorn-system";

/** Where the volumes are, unless the settings say otherwise. */
export const DEFAULT_DATA_PATH = "/var/lib/longhorn";

export const longhorn: Addon<"longhorn", typeof import("./settings"), never> = {
  name: "longhorn",
  settings: () => require("./settings") as typeof import("./settings"),
  chart: "longhorn",
  namespace: LONGHORN_NAMESPACE,
  protection: "addons.longhorn.protect",
  knownFailures: [
    {
      pattern: /job longhorn-uninstall failed/,
      action: `Longhorn's own job did not remove it; no data of its volumes is lost. The job says why:
  kubectl -n ${LONGHORN_NAMESPACE} logs job/longhorn-uninstall
Where it misses deleting-confirmation-flag, set that and go on:
  kubectl -n ${LONGHORN_NAMESPACE} patch settings.longhorn.io deleting-confirmation-flag --type merge -p '{"value":"true"}'`,
    },
  ],
  undo: () => `[ ! -e ${DEFAULT_DATA_PATH} ] || kept "${DEFAULT_DATA_PATH}: volumes may be in it"`,
  check: () => (require("./check") as typeof import("./check")).storageCheck,
  onChange: "Longhorn's pods may restart; volumes that exist stay as they are",
  load: () => require("./longhorn") as typeof import("./longhorn"),
};

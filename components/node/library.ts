import { LIBRARY_FILE } from "../../providers/host/shell/library";
import type { Step } from "./step";

/** Folder in which checkouts before this step kept the expected state. */
const FORMER_EXPECTED_FOLDER = "/var/lib/homelab/claims";

/** The shell functions that the other steps share: a change of one is an update of this step alone. */
export const library: Step = {
  name: "library",
  standalone: true,
  commands: () => `library | write_file ${LIBRARY_FILE} 644
rm -rf -- ${FORMER_EXPECTED_FOLDER}`,
  expected: () => [{ kind: "file", key: LIBRARY_FILE }],
};

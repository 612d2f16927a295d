import { nodeMetadataScript } from "../../../components/cluster/node-metadata";
import { withStorageLabel } from "../../../components/addons/longhorn/storage";
import type { NodeSettings } from "../../../settings";
import { stepScript } from "../../../providers/host/shell/script";
import { longhornAnswers, type FakeAnswer, runWithKubectl } from "../../harness/api/fake-kubectl";
import { testShellcheck, withLibrary } from "../../harness/shellcheck";

const node = (name: string) =>
  ({ name, role: "worker", labels: {}, annotations: {}, taints: [] }) as unknown as NodeSettings;

interface Before {
  /** Nodes with the label. */
  labelled: string[];
  /** As `longhorn_copies` prints them; none: there is no Longhorn. */
  copies?: string[];
}

/** Runs the script with a kubectl that notes what it changes. */
function applied(nodes: NodeSettings[], { labelled, copies }: Before) {
  const { status, stderr, notes } = runWithKubectl(nodeMetadataScript(nodes, false), [
    ...labelled.map((name): FakeAnswer => [`*" get node ${name} "*storage*`, "echo true"]),
    ['*" get node "*', ":"],
    ...longhornAnswers(copies),
    ['*" taint "*', "echo changed >>$NOTES"],
    ['*" apply "*', "cat >>$NOTES"],
  ]);
  return { status, stderr, changes: notes };
}

const SINCE = "2026-01-02T03:04:05Z";
const COPIES = [`pvc-2|w1|${SINCE}||`, `pvc-1|w1|||`, `pvc-1|w2|${SINCE}||`, `pvc-3|w2|${SINCE}||`];

test("a node that is to keep volumes no more, and has some, is refused before any node is changed", () => {
  const nodes = [withStorageLabel(node("w2")), node("w1")];
  const { status, stderr, changes } = applied(nodes, { labelled: ["w1", "w2"], copies: COPIES });
  expect({ status, changes }).toEqual({ status: 1, changes: "" });
  expect(stderr).toContain(
    "w1 is to keep no volumes any more, and there are copies of pvc-1, pvc-2 on it; no node was changed",
  );
  expect(stderr).toContain("storage.enabled: true for it");
  expect(stderr).toContain(`patch nodes.longhorn.io w1 --type merge -p '{"spec":{"allowScheduling":false,`);
});

test.each([
  ["has no copies of volumes", { labelled: ["w1", "w2"], copies: [`pvc-1|w2|${SINCE}||`] }],
  ["was in a cluster without Longhorn", { labelled: ["w1", "w2"] }],
  ["kept no volumes before", { labelled: ["w2"], copies: COPIES }],
])("a node that %s is given its metadata", (_what, before) => {
  const { status, stderr, changes } = applied([withStorageLabel(node("w2")), node("w1")], before);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(changes).toContain("name: w1");
  expect(changes).toContain("homelab/storage: 'true'");
});

test("storage nodes that stay so are not asked for", () => {
  expect(nodeMetadataScript([withStorageLabel(node("w1"))], false)).not.toContain("longhorn");
});

const step = stepScript({ host: "cp1", step: "node-metadata", commands: nodeMetadataScript([node("w1")], false) });
testShellcheck("its script", withLibrary([step]), []);

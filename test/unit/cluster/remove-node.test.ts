import { removeNodeScript } from "../../../providers/kubeadm/join-script";
import { longhornAnswers, runWithKubectl } from "../../harness/api/fake-kubectl";

/** A kubectl that notes its verbs; `ready`: what the node's status says, before and after a drain. */
function removal(cluster: {
  ready: [before: string, after?: string];
  drain?: "fails";
  /** As `longhorn_copies` prints them; none: there is no Longhorn. */
  copies?: string[];
}) {
  const [before, after = before] = cluster.ready;
  const unevictable = "echo 'error when evicting pods/db-0: global timeout reached' >&2; exit 1";
  const { notes, ...ended } = runWithKubectl(removeNodeScript("w1"), [
    ['*" drain "*', `echo drain >>$NOTES; ${cluster.drain ? unevictable : "exit 0"}`],
    ['*" delete node "*', "echo delete >>$NOTES"],
    ...longhornAnswers(cluster.copies),
    ["*jsonpath*", `if grep -qs drain $NOTES; then echo ${after}; else echo ${before}; fi`],
    ['*" get node "*', "echo node/w1"],
    ["*poddisruptionbudgets*", "printf 'shop db 0\\nshop web 1\\n'"],
  ]);
  return { ...ended, verbs: notes.trim().split("\n") };
}

test("a node is drained, then deleted", () => {
  expect(removal({ ready: ["True"] })).toMatchObject({ status: 0, verbs: ["drain", "delete"] });
});

test("a node whose disruption budgets can't be met stays, and the message names pods and budgets", () => {
  const { status, stderr, verbs } = removal({ ready: ["True"], drain: "fails" });
  expect({ status, verbs }).toEqual({ status: 1, verbs: ["drain"] });
  expect(stderr).toContain("pods/db-0");
  expect(stderr).toContain("these disruption budgets allow none to go: shop/db;");
  expect(stderr).not.toContain("shop/web");
});

test("a node whose kubelet no longer answers is deleted without a drain", () => {
  expect(removal({ ready: ["Unknown"] })).toMatchObject({ status: 0, verbs: ["delete"] });
});

test("a node that falls silent while it is drained is deleted", () => {
  expect(removal({ ready: ["True", "Unknown"], drain: "fails" })).toMatchObject({
    status: 0,
    verbs: ["drain", "delete"],
  });
});

const SINCE = "2026-01-02T03:04:05Z";

test.each([
  ["has no other copy", [`pvc-1|w1|${SINCE}||`, `pvc-2|w1|${SINCE}||`, `pvc-2|w2|${SINCE}||`]],
  ["has a copy on another node that has failed", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}|${SINCE}|`]],
  ["has a copy on another node that is not whole yet", [`pvc-1|w1|${SINCE}||`, "pvc-1|w2|||"]],
  ["has a copy on another node that is being deleted", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}||${SINCE}`]],
])("a node with a volume that %s stays as it is, and the message says how to move the volume", (_what, copies) => {
  const { status, stderr, verbs } = removal({ ready: ["True"], copies });
  expect({ status, verbs }).toEqual({ status: 1, verbs: [""] });
  expect(stderr).toContain("w1 alone has the data of pvc-1; the node was left as it is");
  expect(stderr).toContain(
    `kubectl -n longhorn-system patch nodes.longhorn.io w1 --type merge -p '{"spec":{"allowScheduling":false,"evictionRequested":true}}'`,
  );
  expect(stderr).not.toContain("pvc-2");
});

test.each([
  ["all its volumes are on other nodes too", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}||`]],
  ["it has no data yet", ["pvc-1|w1|||"]],
  ["the volumes are other nodes'", [`pvc-1|w2|${SINCE}||`]],
])("a node leaves when %s", (_what, copies) => {
  expect(removal({ ready: ["True"], copies })).toMatchObject({ status: 0, stdout: "", verbs: ["drain", "delete"] });
});

test("a silent node with the only copy of a volume is deleted all the same, and that is said", () => {
  const { status, stdout, verbs } = removal({ ready: ["Unknown"], copies: [`pvc-1|w1|${SINCE}|${SINCE}|`] });
  expect({ status, verbs }).toEqual({ status: 0, verbs: ["delete"] });
  expect(stdout).toContain("of these volumes Longhorn has no good copy on another node: pvc-1;");
});

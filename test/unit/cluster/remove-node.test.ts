import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeNodeScript } from "../../../providers/kubeadm/join-script";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "remove-node-"));
  mkdirSync(join(folder, "bin"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A kubectl that notes its verbs; `ready`: what the node's condition says, before and after a drain. */
function removal(cluster: {
  ready: [before: string, after?: string];
  drain?: "fails";
  /** As `longhorn_copies` prints them; none: there is no Longhorn. */
  copies?: string[];
}): {
  status: number | null;
  stdout: string;
  stderr: string;
  verbs: string[];
} {
  const log = join(folder, "verbs");
  writeFileSync(
    join(folder, "bin/kubectl"),
    `#!/bin/bash
case " $* " in
  *" drain "*) echo drain >>${log}; ${cluster.drain ? "echo 'error when evicting pods/db-0: global timeout reached' >&2; exit 1" : "exit 0"} ;;
  *" delete node "*) echo delete >>${log} ;;
  *" get crd "*) ${cluster.copies ? "echo crd/replicas" : ":"} ;;
  *" get replicas.longhorn.io "*) printf '%s\\n' ${(cluster.copies ?? []).map((line) => `'${line}'`).join(" ")} ;;
  *jsonpath*) if grep -qs drain ${log}; then echo ${cluster.ready[1] ?? cluster.ready[0]}; else echo ${cluster.ready[0]}; fi ;;
  *" get node "*) echo node/w1 ;;
  *poddisruptionbudgets*) printf 'shop db 0\\nshop web 1\\n' ;;
  *) exit 99 ;;
esac
`,
  );
  chmodSync(join(folder, "bin/kubectl"), 0o755);
  writeFileSync(log, "");
  const script = `set -euo pipefail
PATH=${folder}/bin:$PATH
die() { echo "$1; \${2-}" >&2; exit 1; }
${removeNodeScript("w1")}`;
  const { status, stdout, stderr } = spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
  return { status, stdout, stderr, verbs: readFileSync(log, "utf8").trim().split("\n") };
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
  ["has a copy elsewhere that has failed", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}|${SINCE}|`]],
  ["has a copy elsewhere that is not whole yet", [`pvc-1|w1|${SINCE}||`, "pvc-1|w2|||"]],
  ["has a copy elsewhere that is being deleted", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}||${SINCE}`]],
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
  ["all its volumes are elsewhere too", [`pvc-1|w1|${SINCE}||`, `pvc-1|w2|${SINCE}||`]],
  ["it has no data yet", ["pvc-1|w1|||"]],
  ["the volumes are other nodes'", [`pvc-1|w2|${SINCE}||`]],
])("a node leaves when %s", (_what, copies) => {
  expect(removal({ ready: ["True"], copies })).toMatchObject({ status: 0, stdout: "", verbs: ["drain", "delete"] });
});

test("a silent node with the only copy of a volume is deleted all the same, and that is said", () => {
  const { status, stdout, verbs } = removal({ ready: ["Unknown"], copies: [`pvc-1|w1|${SINCE}|${SINCE}|`] });
  expect({ status, verbs }).toEqual({ status: 0, verbs: ["delete"] });
  expect(stdout).toContain("of these volumes Longhorn has no good copy elsewhere: pvc-1;");
});

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
function removal(cluster: { ready: [before: string, after?: string]; drain?: "fails" }): {
  status: number | null;
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
  const { status, stderr } = spawnSync("bash", ["-s"], { input: script, encoding: "utf8" });
  return { status, stderr, verbs: readFileSync(log, "utf8").trim().split("\n") };
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

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";

/** The newest benchmark that kube-bench has; it is for Kubernetes 1.32 and newer. */
const BENCHMARK = "cis-1.12";
/** kube-bench's Go module, of which only the definitions of the checks are used, and its sum as in a go.sum. */
const MODULE = {
  // renovate: datasource=go depName=github.com/aquasecurity/kube-bench
  version: "v0.15.6",
  sum: "h1:r1p/dGN8IxGowV+hfTw5Lk2IaRV79dZcq0xd6MincJ8=",
};

/** Where kubeadm and the packages have what kube-bench looks for; longer names first. */
const PLACES: readonly [variable: string, place: string][] = [
  ["$apiserverconf", "/etc/kubernetes/manifests/kube-apiserver.yaml"],
  ["$apiserverbin", "kube-apiserver"],
  ["$controllermanagerkubeconfig", "/etc/kubernetes/controller-manager.conf"],
  ["$controllermanagerconf", "/etc/kubernetes/manifests/kube-controller-manager.yaml"],
  ["$controllermanagerbin", "kube-controller-manager"],
  ["$schedulerkubeconfig", "/etc/kubernetes/scheduler.conf"],
  ["$schedulerconf", "/etc/kubernetes/manifests/kube-scheduler.yaml"],
  ["$schedulerbin", "kube-scheduler"],
  ["$etcddatadir", "/var/lib/etcd"],
  ["$etcdconf", "/etc/kubernetes/manifests/etcd.yaml"],
  ["$etcdbin", "etcd"],
  ["$kubeletkubeconfig", "/etc/kubernetes/kubelet.conf"],
  ["$kubeletcafile", "/etc/kubernetes/pki/ca.crt"],
  ["$kubeletconf", "/var/lib/kubelet/config.yaml"],
  ["$kubeletsvc", "/lib/systemd/system/kubelet.service"],
  ["$kubeletbin", "kubelet"],
  ["$proxybin", "kube-proxy"],
];

interface TestItem {
  flag?: string;
  path?: string;
  set?: boolean;
  compare?: { op: string; value: string };
}

/** A check as kube-bench writes it. */
interface CisCheck {
  id: string;
  text: string;
  scored?: boolean;
  type?: string;
  audit?: string;
  audit_config?: string;
  use_multiple_values?: boolean;
  tests?: { bin_op?: "or" | "and"; test_items: TestItem[] };
}

/** The folder of the definitions, or why they can't be had. */
export function cisDefinitions(): { folder: string; missing?: undefined } | { missing: string } {
  const name = `github.com/aquasecurity/kube-bench@${MODULE.version}`;
  const { status, stdout, error } = spawnSync("go", ["mod", "download", "-json", name], { encoding: "utf8" });
  const {
    Dir,
    Sum,
    Error: said,
  } = (stdout ? JSON.parse(stdout) : {}) as { Dir?: string; Sum?: string; Error?: string };
  if (status !== 0 || Dir === undefined)
    return { missing: `the checks of kube-bench can't be had: ${said ?? error?.message}` };
  if (Sum !== MODULE.sum) throw new Error(`${name} has the sum ${Sum}, and not ${MODULE.sum}`);
  return { folder: path.join(Dir, "cfg", BENCHMARK) };
}

/** The automated checks of some targets, `master`, `etcd` or `node`, in their order. */
export function cisChecksOf(folder: string, targets: readonly string[]): CisCheck[] {
  return targets
    .map(
      (target) =>
        load(readFileSync(path.join(folder, `${target}.yaml`), "utf8")) as { groups: { checks: CisCheck[] }[] },
    )
    .flatMap(({ groups }) => groups)
    .flatMap(({ checks }) => checks)
    .filter(({ scored, type, tests }) => scored && type !== "skip" && type !== "manual" && tests);
}

const MARK = "=== cis";

/** A script that runs what the checks ask, and prints what each says. */
export function cisScript(checks: readonly CisCheck[]): string {
  const run = (audit = "") => {
    const text = PLACES.reduce((all, [variable, place]) => all.replaceAll(variable, place), audit);
    return `echo '${MARK}'\n(/bin/sh 2>&1 <<'AUDIT'\n${text.trim()}\nAUDIT\n) || true`;
  };
  return checks.flatMap(({ audit, audit_config }) => [run(audit), run(audit_config)]).join("\n");
}

/** The numbers of the checks that fail by what the script printed, as kube-bench judges it. */
export function failedCis(checks: readonly CisCheck[], printed: string): string[] {
  // The last may have said nothing, and lost the end of its line.
  const outputs = `${printed}\n`.split(`${MARK}\n`).slice(1);
  if (outputs.length !== 2 * checks.length) throw new Error("the script of the checks did not come to its end");
  return checks
    .filter(
      (check, index) => !passes(check, outputs[2 * index]?.trimEnd() ?? "", outputs[2 * index + 1]?.trimEnd() ?? ""),
    )
    .map(({ id }) => id);
}

function passes({ tests, use_multiple_values }: CisCheck, output: string, config: string): boolean {
  const judged = (tests?.test_items ?? []).map((item) => {
    const rows = use_multiple_values ? output.split("\n") : [output];
    const byFlag = rows.map((row) => holds(item, flagIn(row, item.flag)));
    if (rows.some((row) => flagIn(row, item.flag) !== undefined) || config === "" || !item.path)
      return byFlag.every(Boolean);
    return holds(item, valueIn(config, item.path));
  });
  return tests?.bin_op === "or" ? judged.some(Boolean) : judged.every(Boolean);
}

/** `--flag=value`, `flag: value` or the flag alone, somewhere in a text. */
function flagIn(text: string, flag?: string): string | undefined {
  if (!flag || !text.includes(flag)) return undefined;
  const escaped = flag.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const value = new RegExp(`${escaped}(?:=|: *)*(\\S*)`).exec(text)?.[1] ?? "";
  return value !== "" ? value : flag.startsWith("--") ? "true" : flag;
}

/** A value of a file of YAML, by a path such as `{.authentication.anonymous.enabled}`. */
function valueIn(text: string, at: string): string | undefined {
  const names = at.replace(/^\{\.?|\}$/g, "").split(".");
  let value: unknown = load(text);
  for (const name of names) value = (value as Record<string, unknown> | undefined)?.[name];
  return ["string", "number", "boolean"].includes(typeof value) ? `${value as string}` : undefined;
}

function holds({ set = true, compare }: TestItem, found: string | undefined): boolean {
  if (!set) return found === undefined;
  if (found === undefined) return false;
  return !compare || compared(compare.op, found, String(compare.value));
}

function compared(op: string, found: string, wanted: string): boolean {
  const plain = /^(true|false)$/i.test(found) ? found.toLowerCase() : found;
  switch (op) {
    case "eq":
      return plain === wanted;
    case "noteq":
      return plain !== wanted;
    case "has":
      return found.includes(wanted);
    case "nothave":
      return !found.includes(wanted);
    case "gte":
      return Number(found) >= Number(wanted);
    case "lte":
      return Number(found) <= Number(wanted);
    case "gt":
      return Number(found) > Number(wanted);
    case "bitmask":
      return (parseInt(wanted, 8) & parseInt(found, 8)) === parseInt(found, 8);
    default:
      throw new Error(`kube-bench compares by '${op}', which this does not know`);
  }
}

import { parseSettings } from "../../../settings";

/** Faults that the settings alone show: refused before there is a host to connect to. */

const node = (fields: object = {}) => ({ name: "cp1", role: "control-plane", address: "10.90.0.11", ...fields });
const problemsOf = (nodes: object[], others: object = {}) =>
  parseSettings({ machines: { kind: "nspawn", nodes }, ...others }).problems ?? [];

test("bad-hostname: a name that is no DNS label is refused with the rule", () => {
  expect(problemsOf([node({ name: "Foo_Bar" })]).join("\n")).toMatch(
    /machines\.nodes\[0\]\.name: "Foo_Bar" .*RFC 1123/,
  );
});

test("dup-hostname: two nodes of one name are refused with both places", () => {
  const problems = problemsOf([node(), node({ role: "worker", address: "10.90.0.12" })]).join("\n");
  expect(problems).toMatch(/machines\.nodes\[1\]\.name: .*"cp1".*machines\.nodes\[0\]/);
});

test("dup-address: one address on two nodes is refused with both places", () => {
  const problems = problemsOf([node(), node({ name: "worker1", role: "worker" })]).join("\n");
  expect(problems).toMatch(/machines\.nodes\[1\]\.address: .*10\.90\.0\.11.*machines\.nodes\[0\]/);
});

const HOSTILE: [what: string, text: string][] = [
  ["a command", "; touch /pwned"],
  ["a substitution", "$(touch /pwned)"],
  ["an old substitution", "`id`"],
  ["an apostrophe", "it's"],
  ["a quotation mark", 'a"b'],
  ["a newline", "a\nb"],
  ["a NUL", "a\u0000b"],
  ["a letter with an accent", "caf\u00e9"],
  ["a mark that turns the text round", "a\u202eb"],
  ["ten kilobytes", "a".repeat(10_240)],
];

test.each(HOSTILE)("injection: %s is refused in a hostname, a label, a version and a path", (_, text) => {
  for (const [fields, others] of [
    [{ name: text }, {}],
    [{ labels: { rack: text } }, {}],
    [{ labels: { [text]: "1" } }, {}],
    [{}, { cluster: { kubernetesVersion: text } }],
    [{}, { machines: { kind: "nspawn", stateDir: `/var/${text}`, nodes: [node()] } }],
  ] as const) {
    expect(problemsOf([node(fields)], others)).not.toEqual([]);
  }
});

test("hardening: an argument that names a file is refused where the component's pod doesn't see the file", () => {
  const problems = (component: string, name: string, value: string) =>
    problemsOf([node()], { cluster: { [component]: { extraArgs: { [name]: value } } } });
  for (const [name, value] of [
    ["audit-policy-file", "/etc/kubernetes/audit-policy.yaml"],
    ["encryption-provider-config", "encryption.yaml"],
    ["admission-control-config-file", "/etc/kubernetes/admission.yaml"],
    ["tls-sni-cert-key", "/etc/kubernetes/pki/sni.crt,/root/sni.key"],
  ] as const) {
    expect(problems("apiServer", name, value)).toEqual([
      expect.stringMatching(`cluster.apiServer.extraArgs.${name}: names the file "[^"]+", which the component's pod`),
    ]);
  }
  for (const [component, name, value] of [
    ["apiServer", "oidc-ca-file", "/etc/kubernetes/pki/oidc-ca.crt"],
    ["apiServer", "etcd-prefix", "/registry"],
    ["apiServer", "runtime-config", "api/all=true"],
    ["apiServer", "audit-log-path", "-"],
    ["scheduler", "authorization-always-allow-paths", "/healthz,/readyz"],
  ] as const) {
    expect(problems(component, name, value)).toEqual([]);
  }
});

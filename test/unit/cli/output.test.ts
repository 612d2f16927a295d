import { outputReader } from "../../../cli/output";

/** As Pulumi 3.246 prints it without a terminal. */
const failedRun = `Updating (lab):
    pulumi:pulumi:Stack homelab-lab  warning: using pulumi-resource-command from $PATH at /x/pulumi-resource-command

@ updating....
    pulumi:pulumi:Stack homelab-lab running warning: using pulumi-resource-command from $PATH at /x/pulumi-resource-command
 +  pulumi-nodejs:dynamic/mod:Thing b creating (0s)${" "}
 +  pulumi-nodejs:dynamic/mod:Thing c creating (0s)${" "}
 ~  command:remote:Command cp1-sysctl updating (0s) [diff: ~stdin]
 ~  command:remote:Command cp1-sysctl updated (2s) [diff: ~stdin]
@ updating....
 +  pulumi-nodejs:dynamic/mod:Thing c creating (3s) error: cp1: doing x failed
 +  pulumi-nodejs:dynamic/mod:Thing c **creating failed** error: cp1: doing x failed
 +  pulumi-nodejs:dynamic/mod:Thing b created (5s)${" "}
    pulumi:pulumi:Stack homelab-lab running error: update failed
    pulumi:pulumi:Stack homelab-lab **failed** 1 error; 1 warning
Diagnostics:
  pulumi:pulumi:Stack (homelab-lab):
    warning: using pulumi-resource-command from $PATH at /x/pulumi-resource-command
    error: update failed

  pulumi-nodejs:dynamic/mod:Thing (c):
    error: cp1: doing x failed
    line two

Resources:
    + 1 created
    ~ 1 updated
    2 changes. 1 unchanged
    2 errored

Duration: 9s
`;

test("a run's output is cut to what was done, what failed and why", () => {
  const reader = outputReader();
  const shown = failedRun.split("\n").map((line) => reader.read(line));
  const lines = shown.flatMap((one) => (one && "line" in one ? [one.line] : []));
  expect(lines).toEqual([
    "~ cp1-sysctl updated 2s",
    "✗ c",
    "+ b created 5s",
    "pulumi:pulumi:Stack (homelab-lab):\n  error: update failed",
    "pulumi-nodejs:dynamic/mod:Thing (c):\n  error: cp1: doing x failed",
    "  line two",
  ]);
  expect(reader.failed).toEqual(["c"]);
  expect(reader.resources).toEqual(["1 created", "1 updated", "1 unchanged", "2 errored"]);
});

test("what only follows from a failure is not shown beside it", () => {
  const release = "kubernetes:helm.sh/v3:Release";
  const lines = [
    " +  pulumi-nodejs:dynamic/host:Preflight preflight **creating failed** error: cp1: no sudo",
    `    ${release} cilium-release  error: unknown provider 'urn:x' for resource 'urn:y'`,
    `    ${release} cilium-release **failed** 1 error`,
    ` +  ${release} other **creating failed** error: unknown provider 'urn:x' for resource 'urn:z'`,
    "Diagnostics:",
    "  pulumi-nodejs:dynamic/host:Preflight (preflight):",
    "    error: cp1: no sudo",
    `  ${release} (cilium-release):`,
    "    error: unknown provider 'urn:x' for resource 'urn:y'",
  ];
  const reader = outputReader();
  expect(lines.map((line) => reader.read(line)).filter(Boolean)).toEqual([
    { line: "✗ preflight" },
    { line: "pulumi-nodejs:dynamic/host:Preflight (preflight):\n  error: cp1: no sudo" },
  ]);
  expect(reader.failed).toEqual(["preflight"]);
});

describe("a run that failed", () => {
  const readAll = (lines: string[]) => {
    const reader = outputReader();
    for (const line of lines) reader.read(line);
    return reader;
  };
  const preflight = [
    " +  pulumi:pulumi:Stack homelab-metal creating (0s)",
    " +  pulumi-nodejs:dynamic/metal:Host cp1 created (0s)",
    " +  pulumi-nodejs:dynamic/argocd:Password argocd-password created (0s)",
    " +  pulumi-nodejs:dynamic/host:Preflight preflight creating (2s) error: cp1: the preflight ended with 1 finding",
    " +  pulumi-nodejs:dynamic/host:Preflight preflight **creating failed** error: cp1: the preflight ended with 1 finding",
  ];

  test("has changed nothing where the program itself, or the look at all hosts, refused", () => {
    expect(readAll(["    pulumi:pulumi:Stack homelab-lab **failed** 1 error"]).isUntouched).toBe(true);
    expect(readAll(preflight).isUntouched).toBe(true);
  });

  test("has changed something where it made machines before, or a step failed", () => {
    const machine = " +  pulumi-nodejs:dynamic/nspawn:Machine cp1 creating (0s)";
    const step = " ~  command:remote:Command cp1-sysctl **updating failed** error: cp1: doing x failed";
    expect(readAll([machine, ...preflight]).isUntouched).toBe(false);
    expect(readAll([step]).isUntouched).toBe(false);
  });
});

test("what is being done is a note, not a line", () => {
  const reader = outputReader();
  expect(reader.read(" +  command:remote:Command worker1-swap creating (12s) ")).toEqual({ note: "worker1-swap" });
});

test("a deletion and a replacement are lines of their own", () => {
  const reader = outputReader();
  expect(reader.read(" -  command:remote:Command cp1-swap deleted (1s) ")).toEqual({ line: "- cp1-swap deleted 1s" });
  expect(reader.read(" ++ nspawn:index:Machine cp1 created replacement (8s) [diff: ~image]")).toEqual({
    line: "++ cp1 created replacement 8s",
  });
});

test("a line of no known form is shown as it is: it may be the reason of a failure", () => {
  expect(outputReader().read("error: the stack is currently locked by 1 lock(s)")).toEqual({
    line: "error: the stack is currently locked by 1 lock(s)",
  });
});

test("a heading of which nothing is worth showing is left out", () => {
  const reader = outputReader();
  const lines = [
    "Diagnostics:",
    "  pulumi:pulumi:Stack (homelab-lab):",
    "    warning: using pulumi-resource-x from $PATH at /x",
  ];
  expect(lines.map((line) => reader.read(line))).toEqual([undefined, undefined, undefined]);
});

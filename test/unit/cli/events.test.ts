import * as fs from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation/events";
import { eventReader, type Shown } from "../../../cli/events";

/** What `pulumi up|refresh|destroy --json` of CLI 3.246 printed of a small program of dynamic resources, without their states. */
function recorded(name: string): EngineEvent[] {
  const text = fs.readFileSync(path.join(__dirname, "events", `${name}.jsonl`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as EngineEvent);
}

function readAll(events: EngineEvent[]) {
  const reader = eventReader();
  const shown: Shown[] = events.map((event) => reader.read(event));
  return { reader, lines: shown.flatMap(({ lines = [] }) => lines), notes: shown.flatMap(({ note }) => note ?? []) };
}

const run = (name: string) => readAll(recorded(name));

test("a run is shown as a line for each resource that is done, with its seconds, and as counts", () => {
  const { reader, lines } = run("create");
  expect(lines).toEqual([
    "+ cp1 created 5s",
    "+ cp1-swap created 0s",
    "+ cp1-storage created 0s",
    "+ cp1 created 1s",
    "+ cp1-sysctl created 2s",
  ]);
  expect(reader.counts).toEqual(["6 created"]);
  expect([reader.failed, reader.isUntouched]).toEqual([[], false]);
});

test("what is being done is a note: all of it, in the order in which it began", () => {
  const { notes } = run("create");
  expect(notes).toContain("cp1-storage, cp1-swap, cp1-sysctl");
  expect(notes.at(-1)).toBe("");
});

test("nothing is shown of what stays as it is", () => {
  const { reader, lines } = run("unchanged");
  expect(lines).toEqual([]);
  expect([reader.counts, reader.isUntouched]).toEqual([["6 unchanged"], true]);
});

test("what a refresh finds is shown, and changes no host", () => {
  const { reader, lines, notes } = run("refresh");
  expect(lines).toEqual([
    "- cp1-swap deleted 0s",
    "~ cp1-storage updated 0s",
    "~ cp1-sysctl updated 0s",
    "~ cp1 updated 0s",
  ]);
  expect(notes).toContain("cp1-storage, cp1-swap");
  expect([reader.counts, reader.isUntouched]).toEqual([["1 deleted", "2 unchanged", "3 updated"], true]);
});

test("a run that fails says what was done, what failed, once, and at its end why", () => {
  const { reader, lines } = run("failing-change");
  expect(lines).toEqual([
    "++ cp1-storage created replacement 0s",
    "+- cp1-storage replaced 0s",
    "✗ cp1-two",
    "~ cp1-sysctl updated 0s",
    "✗ after",
    "✗ cp1-containerd",
    "~ cp1 updated 1s",
  ]);
  expect(reader.failed).toEqual(["cp1-two", "after", "cp1-containerd"]);
  expect(reader.isUntouched).toBe(false);
  expect(reader.diagnostics).toEqual([
    "cp1-two (pulumi-nodejs:dynamic/x:Step):\n  error: cp1: another thing failed",
    expect.stringMatching(/^after \(kubernetes:helm\.sh\/v3:Release\):\n {2}error: .*property chart value/),
    "cp1-containerd (pulumi-nodejs:dynamic/x:Step):\n  error: cp1: doing x failed\n  line two",
  ]);
});

test("a deletion is a line, and the stack's own none", () => {
  expect(run("destroy").lines.sort()).toEqual([
    "- cp1 deleted 0s",
    "- cp1 deleted 0s",
    "- cp1-storage deleted 0s",
    "- cp1-sysctl deleted 0s",
    "-- cp1-storage deleted original 0s",
  ]);
});

test("what only follows from a failure, and what the SDK and the CLI say to themselves, is not shown beside it", () => {
  const { reader, lines } = run("failed-preflight");
  expect(JSON.stringify(recorded("failed-preflight"))).toContain("unknown provider 'urn:");
  expect(JSON.stringify(recorded("failed-preflight"))).toContain('"severity":"debug"');
  expect(JSON.stringify(recorded("failed-preflight"))).toContain("using pulumi-resource-kubernetes from $PATH");
  expect(lines).toEqual(["+ cp1 created 0s", "+ cp1 created 1s", "✗ preflight"]);
  expect(reader.failed).toEqual(["preflight"]);
  expect(reader.diagnostics).toEqual([
    "preflight (pulumi-nodejs:dynamic/host:Preflight):\n  error: cp1: the preflight ended with 1 finding:\n    swap is on",
  ]);
});

test("a run has changed nothing where the program itself, or the preflight of existing hosts, refused", () => {
  const { reader } = run("refused-settings");
  expect(reader.isUntouched).toBe(true);
  expect(reader.failed).toEqual([]);
  expect(reader.diagnostics[0]).toContain("error: the settings of stack lab are wrong:\n    cluster.podSubnet: no");
  expect(run("failed-preflight").reader.isUntouched).toBe(true);
});

test("a run has changed something where it made machines before, or a step failed", () => {
  expect(run("failed-preflight-after-machine").reader.isUntouched).toBe(false);
  // Begun is enough.
  const begun = recorded("failing-change").filter(({ resOutputsEvent }) => !resOutputsEvent);
  expect(readAll(begun).reader.isUntouched).toBe(false);
});

test("what a provider says while it waits is a note behind what it works on", () => {
  const [created] = recorded("create").filter(({ resourcePreEvent }) =>
    resourcePreEvent?.metadata.urn.endsWith("cp1-swap"),
  );
  if (!created) throw new Error("the recording has no such event");
  const urn = created.resourcePreEvent?.metadata.urn;
  const message = "[1/2] Waiting for pods\nmore";
  const said = { urn, message, color: "never", severity: "info", ephemeral: true } as const;
  expect(readAll([created, { sequence: 1, timestamp: 1, diagnosticEvent: said }]).notes).toEqual([
    "cp1-swap",
    "cp1-swap: [1/2] Waiting for pods",
  ]);
});

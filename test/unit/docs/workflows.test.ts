import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { labVersions } from "../../../lab/build/versions";

const folder = path.resolve(__dirname, "../../../.github/workflows");
const files = readdirSync(folder);
const textOf = (file: string): string => readFileSync(path.join(folder, file), "utf8");

interface Workflow {
  on: Record<string, unknown>;
  permissions?: Record<string, string>;
  jobs: Record<string, { if?: string; permissions?: Record<string, string>; "timeout-minutes"?: number }>;
}

describe.each(files)("the workflow %s", (file) => {
  const text = textOf(file);
  const workflow = load(text) as Workflow;

  it("pins every action by its commit, and says which version that is", () => {
    const uses = text.split("\n").filter((line) => /^\s*(- )?uses:/.test(line));
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it("runs what a fork sends without secrets, and may write nothing but comments", () => {
    expect(Object.keys(workflow.on)).not.toContain("pull_request_target");
    expect(workflow.permissions).toEqual({ contents: "read" });
    for (const { permissions } of Object.values(workflow.jobs)) {
      expect({ contents: "read", "pull-requests": "write", ...permissions }).toEqual({
        contents: "read",
        "pull-requests": "write",
      });
    }
  });

  it("ends by itself, and leaves no login in the checkout", () => {
    for (const job of Object.values(workflow.jobs)) expect(job["timeout-minutes"]).toBeLessThanOrEqual(150);
    expect(text.match(/actions\/checkout@/g)?.length).toBe(text.match(/persist-credentials: false/g)?.length);
  });
});

test("the same action is pinned to the same commit everywhere", () => {
  const pins = files.flatMap((file) => [...textOf(file).matchAll(/uses: ([^@]+)@(\w+)/g)]);
  const commits = new Map(pins.map(([, action, commit]) => [action, commit]));
  for (const [, action, commit] of pins) expect([action, commit]).toEqual([action, commits.get(action)]);
});

test("the long tests run on a push in the project's own repository alone: no copy pays for them unasked", () => {
  const { run } = (load(textOf("ci.yml")) as Workflow).jobs;
  expect(run?.if?.replace(/\s+/g, " ").trim()).toBe(
    "github.event_name == 'workflow_dispatch' || vars.RUN_CI == 'true' || (github.event.pull_request.head.repo.fork && !github.event.repository.fork && !github.event.repository.private)",
  );
});

test("the preview is made by the engine that everything is tested with", () => {
  expect(textOf("preview.yml")).toContain(`pulumi-version: "${labVersions.pulumi}"`);
});

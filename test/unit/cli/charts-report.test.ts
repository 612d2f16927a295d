import type { Found } from "../../../cli/charts/sources";
import type { StackReleases } from "../../../cli/charts/values";
import { chartsReport, printReport } from "../../../cli/charts/report";
import { runCommand } from "../../../cli/command-line";

const pins = [
  { folder: "cilium", name: "cilium", version: "1.20.2" },
  { folder: "longhorn", name: "longhorn", version: "1.12.1" },
];
const release = (name: string) => ({ name, namespace: "kube-system", values: {} });
const here: Found = { file: "chart.tgz", source: "its repository" };
const away: Found = { problem: "it could not be fetched: no such host" };
const noStorage = {
  problem: "addons.longhorn.enabled: true needs a node that can keep volumes (cp1: …)",
  expected: true,
};

function report(change: Partial<{ longhorn: Found; lab: Partial<StackReleases>; problems: string[] }> = {}) {
  const lab = {
    stack: "lab",
    releases: { cilium: release("cilium") },
    refused: { longhorn: noStorage },
    ...change.lab,
  };
  const both = { cilium: release("cilium"), longhorn: release("longhorn") };
  const stacks: StackReleases[] = [lab, { stack: "metal", releases: both, refused: {} }];
  const found = { cilium: here, longhorn: change.longhorn ?? here };
  return chartsReport({ pins, found, stacks }, () => ({ objects: 7, problems: change.problems ?? [] }));
}

const texts = (lines: { text: string }[]) => lines.map(({ text }) => text);

/** What is printed, what is said of the failure, and the command's exit code. */
async function command(lines: ReturnType<typeof report>) {
  let printed = "";
  const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await runCommand("charts-check", async () => printReport(lines, (text) => (printed += text)), { args: [] });
    return { printed, said: stderr.mock.calls.join(""), exitCode: process.exitCode };
  } finally {
    process.exitCode = before;
    stderr.mockRestore();
  }
}

test("what was rendered is named with its stack, its source and its objects, and Longhorn without storage nodes is no error", async () => {
  const lines = report();
  expect(texts(lines)).toEqual([
    "✓ cilium 1.20.2, lab (chart from its repository): 7 objects",
    "✓ cilium 1.20.2, metal (chart from its repository): 7 objects",
    `– longhorn 1.12.1, lab: not rendered: ${noStorage.problem}`,
    "✓ longhorn 1.12.1, metal (chart from its repository): 7 objects",
  ]);
  const { printed, said, exitCode } = await command(lines);
  expect(printed).toBe(`${texts(lines).join("\n")}\n`);
  expect([said, exitCode]).toEqual(["", 0]);
});

test("a chart that is there, and is not the pinned one, is an error", async () => {
  const problem = "the digest is sha256:1, charts/charts.lock.yaml has sha256:2";
  const lines = report({ longhorn: { problem, wrong: true } });
  expect(texts(lines)).toContain(`✗ longhorn 1.12.1: not rendered: ${problem}`);
  expect((await command(lines)).exitCode).toBe(1);
});

test("a chart that can't be had is named once, with the reason, and is no error", async () => {
  const lines = report({
    longhorn: away,
    lab: { releases: { cilium: release("cilium"), longhorn: release("longhorn") }, refused: {} },
  });
  expect(texts(lines).slice(2)).toEqual(["– longhorn 1.12.1: not rendered: it could not be fetched: no such host"]);
  expect((await command(lines)).exitCode).toBe(0);
});

test("values that don't fit are listed, and are an error", async () => {
  const lines = report({ problems: ["the chart knows no value a", "the chart knows no value b"] });
  expect(texts(lines)[0]).toBe(
    "✗ cilium 1.20.2, lab (chart from its repository):\n    the chart knows no value a\n    the chart knows no value b",
  );
  const { said, exitCode } = await command(lines);
  expect(exitCode).toBe(1);
  expect(said).toContain("3 of 4 lines name something wrong");
});

test.each([
  [
    "refuses for another reason",
    { cilium: { problem: "gitops: is not a known setting", expected: false } },
    "gitops: is not",
  ],
  ["leaves out without a word", {}, "installs it nowhere"],
])("a chart that a stack %s is an error, also where the chart can't be had", async (_what, refused, problem) => {
  for (const longhorn of [here, away]) {
    const lines = report({ longhorn, lab: { releases: {}, refused: { longhorn: noStorage, ...refused } } });
    const wrong = lines.filter(({ failed }) => failed);
    expect(texts(wrong)).toEqual([expect.stringMatching(`^✗ cilium 1.20.2, lab: not rendered: .*${problem}`)]);
    expect((await command(lines)).exitCode).toBe(1);
  }
  const lines = report({ longhorn: away, lab: { refused: { longhorn: { problem: "boom", expected: false } } } });
  expect(texts(lines)).toContain("✗ longhorn 1.12.1, lab: not rendered: boom");
});

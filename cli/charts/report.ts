import type { ReleaseInputs, Rendering } from "./rendering";
import type { Found, Pin } from "./sources";
import type { StackReleases } from "./values";
import { Failure } from "../../lab/run-program";

/** What `make charts-check` found out about one chart, or about one chart in one stack. */
export interface ReportLine {
  text: string;
  failed: boolean;
}

interface ChartsFound {
  pins: readonly Pin[];
  /** By the chart's name. */
  found: Readonly<Record<string, Found>>;
  stacks: readonly StackReleases[];
}

/** ✓ what was rendered, – what could not be, with the reason, and ✗ what is wrong. */
export function chartsReport(
  { pins, found, stacks }: ChartsFound,
  render: (file: string, release: ReleaseInputs) => Rendering,
): ReportLine[] {
  return pins.flatMap((pin) => {
    const title = `${pin.name} ${pin.version}`;
    const chart = found[pin.name] ?? {};
    const without = stacks.filter(({ releases, refused }) => !releases[pin.name] || refused[pin.name]);
    if (chart.file === undefined) {
      const problem = chart.problem ?? "it was not found";
      return [notRendered(title, problem, !chart.wrong), ...without.map((stack) => refusal(pin, stack))];
    }
    const { file, source } = chart;
    return stacks.map((stack) => {
      const release = stack.releases[pin.name];
      if (!release || stack.refused[pin.name]) return refusal(pin, stack);
      return rendered(`${title}, ${stack.stack} (chart from ${source})`, render(file, release));
    });
  });
}

/** Prints the lines. @throws Failure where one says that something is wrong: the command's exit code follows from it. */
export function printReport(lines: readonly ReportLine[], print: (text: string) => void): void {
  print(lines.map(({ text }) => `${text}\n`).join(""));
  const failed = lines.filter((line) => line.failed).length;
  if (failed > 0) {
    throw new Failure(
      `charts-check: ${failed} of ${lines.length} lines name something wrong: see ✗ above`,
      "Correct charts/<chart>/values.yaml, addons.<add-on>.values, or what the line says of the stack's settings.",
    );
  }
}

function refusal({ name, version }: Pin, { stack, refused }: StackReleases): ReportLine {
  const { problem, expected } = refused[name] ?? {
    problem: "the program installs it nowhere, though its add-on is switched on",
    expected: false,
  };
  return notRendered(`${name} ${version}, ${stack}`, problem, expected);
}

function notRendered(title: string, problem: string, expected: boolean): ReportLine {
  return { text: `${expected ? "–" : "✗"} ${title}: not rendered: ${problem}`, failed: !expected };
}

function rendered(title: string, { objects, problems }: Rendering): ReportLine {
  if (problems.length === 0) return { text: `✓ ${title}: ${objects} objects`, failed: false };
  return { text: [`✗ ${title}:`, ...problems].join("\n    "), failed: true };
}

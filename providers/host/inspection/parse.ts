import type { ObservedFact } from "../facts/facts";

interface ReportedStep {
  /** Id of the run that wrote the expected state. */
  run: string;
  /** What it expects, and what the host shows of it. */
  facts: ObservedFact[];
}

/** What the inspection script found of a host. */
export interface HostReport {
  facts: Record<string, string>;
  /** By step; a step without expected state on the host is left out. */
  steps: Record<string, ReportedStep>;
  /** Changes when a file of expected state is removed or added; empty: there is no folder for them. */
  folder: string;
}

/**
 * Reads what the inspection script printed. Lines without the marker are others' (profiles, messages of the day).
 *
 * @throws Error where the output is cut off
 */
export function parseReport(output: string, marker: string): HostReport {
  const report: HostReport = { facts: {}, steps: {}, folder: "" };
  let ended = false;
  for (const line of output.split("\n")) {
    // Something that was printed without a newline may stand before it.
    const start = line.indexOf(`${marker}\t`);
    if (start < 0) continue;
    const [tag, ...fields] = line.slice(start + marker.length + 1).split("\t");
    if (tag === "end") ended = true;
    else take(report, tag ?? "", fields);
  }
  if (!ended) throw new Error("the script that inspects the host did not come to its end");
  return report;
}

function take(report: HostReport, tag: string, fields: string[]): void {
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = fields;
  switch (tag) {
    case "fact":
      report.facts[first] = second.trim();
      return;
    case "folder":
      report.folder = first;
      return;
    case "step":
      // Expected state without the id of its run was not written by a step: it counts as missing.
      if (second !== "") report.steps[first] = { run: second, facts: [] };
      return;
    case "expected":
      report.steps[first]?.facts.push({ kind: second, key: third, expected: fourth, found: fifth });
      return;
    default:
      throw new Error(`the script that inspects the host printed a line of an unknown kind: '${tag}'`);
  }
}

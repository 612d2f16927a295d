import type { ClusterAccess } from "../checks/access";
import { allWell, reportJson, reportLines } from "../checks/report";
import { runChecks, type RunOptions } from "../checks/run-checks";
import { phase, type Screen } from "./progress";

/** Exit codes of `make check`. `make` itself ends with 2 for both that are not 0. */
export const EXIT = { well: 0, failed: 1, notRun: 2 } as const;

export interface ReportArgs {
  stack: string;
  access: ClusterAccess;
  /** Print JSON and nothing else. */
  json: boolean;
  options?: Pick<RunOptions, "checks" | "image" | "signal">;
  /** Where progress is shown. */
  screen?: Screen;
}

/** Runs the checks. Answers the text for standard output, and the exit code. */
export async function clusterReport(args: ReportArgs): Promise<{ text: string; exitCode: number }> {
  const { stack, access, json, options, screen } = args;
  const started = Date.now();
  const findings = await phase(
    `checks of stack ${stack}`,
    (running) => runChecks(access, { ...options, onProgress: (atWork) => running.note(atWork.join(", ")) }),
    screen,
  );
  const seconds = (Date.now() - started) / 1000;
  return {
    text: json ? reportJson(stack, findings, seconds) : `\n${reportLines(findings).join("\n")}`,
    exitCode: allWell(findings) ? EXIT.well : EXIT.failed,
  };
}

import { HostError } from "../ssh/errors";
import { runAsRoot } from "../ssh/root";
import type { RunResult, SshSession, SshTarget } from "../ssh/target";
import type { Wanted } from "./wanted";
import { type HostReport, parseReport } from "./parse";
import { newMarker } from "../shell/as-root";
import { inspectionScript } from "./script";

/** What it is called in messages. */
export const INSPECTING = "inspecting the host";
/** A Raspberry Pi asks apt for half a minute. */
const LIMIT_SECONDS = 120;

/** What was found of a host. */
export interface Inspected {
  report: HostReport;
  /** How far the host's clock is ahead of the workstation's, in seconds; known to within the time that the inspection took. */
  clockAheadSeconds: number;
}

/**
 * Finds out what a host is like, and changes nothing on it.
 *
 * @param preflight find out as well whether the host can be prepared, and with what is wanted
 * @throws HostError; of kind `command` where the user may not use sudo
 */
export async function inspect(
  session: SshSession,
  options: { preflight: boolean; wanted?: Wanted },
): Promise<Inspected> {
  const marker = newMarker();
  const before = Date.now();
  const result = await runAsRoot(session, inspectionScript(marker, options), {
    doing: INSPECTING,
    timeoutSeconds: LIMIT_SECONDS,
  });
  const halfway = (before + Date.now()) / 2 / 1000;
  if (result.exitCode !== 0) throw failure(session.target, result);
  const report = parseReport(result.stdout, marker);
  return { report, clockAheadSeconds: Number(report.facts.time ?? halfway) - halfway };
}

function failure(target: SshTarget, result: RunResult): HostError {
  const said = result.stderr.trim();
  return new HostError({
    kind: "command",
    host: target.name,
    doing: INSPECTING,
    problem: `the script ended with exit code ${result.exitCode}: ${lastLine(said) || "it said nothing"}`,
    action: "Nothing was changed on the host; fix that and run the same command again",
  });
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) ?? "";
}

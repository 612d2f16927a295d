import { HostError } from "../ssh/errors";
import { runAsRoot } from "../ssh/root";
import type { RunResult, SshSession, SshTarget } from "../ssh/target";
import { gatherScript, newMarker } from "./gather";
import { type Gathering, parseGathering } from "./parse";

/** What a look at a host is called in messages. */
export const LOOKING = "inspecting the host";
const LIMIT_SECONDS = 60;

/** One look at a host. */
export interface Look {
  gathering: Gathering;
  /** How far the host's clock is ahead of this computer's, in seconds; known to within the time that the look took. */
  clockAheadSeconds: number;
}

/**
 * Runs the script that looks at a host.
 *
 * @param condition look as well at what tells whether the host can be prepared
 * @throws HostError; of kind `command` where the user may not use sudo
 */
export async function lookAt(session: SshSession, options: { condition: boolean }): Promise<Look> {
  const marker = newMarker();
  const before = Date.now();
  const result = await runAsRoot(session, gatherScript(marker, options), {
    doing: LOOKING,
    timeoutSeconds: LIMIT_SECONDS,
  });
  const halfway = (before + Date.now()) / 2 / 1000;
  if (result.exitCode !== 0) throw failure(session.target, result);
  const gathering = parseGathering(result.stdout, marker);
  return { gathering, clockAheadSeconds: Number(gathering.facts.time ?? halfway) - halfway };
}

function failure(target: SshTarget, result: RunResult): HostError {
  const said = result.stderr.trim();
  return new HostError({
    kind: "command",
    host: target.name,
    doing: LOOKING,
    problem: `the script ended with exit code ${result.exitCode}: ${lastLine(said) || "it said nothing"}`,
    action: "Nothing was changed on the host; mend that and run the same command again",
  });
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) ?? "";
}

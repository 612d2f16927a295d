import type { Say } from "../lab/build/progress";
import { isLive, type Phase } from "./progress";

/**
 * Shows in a phase what the builders of lab/ say. On a terminal what is being done stands behind the phase's title and
 * what is done gets a line; without one each gets a line.
 */
export function sayIn(phase: Phase): Say {
  const live = isLive(process.stderr);
  return (line) => (live && /…/.test(line) ? phase.note(line) : phase.line(line));
}

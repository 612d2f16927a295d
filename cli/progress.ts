import { formatDuration } from "./duration";

/** Where progress is shown. `process.stderr`, or a recorder in tests. */
export interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** What the work of a phase can say while it runs. */
export interface Phase {
  /** Replaces the few words behind the title: what is being done right now. */
  note(text: string): void;
  /** Prints a line of its own above the phase's. */
  line(text: string): void;
  /** Replaces the title that stands there at the end, as in `engine (cached)`. */
  title(text: string): void;
}

/** Milliseconds between two pictures of the spinner, and between two lines where there is no terminal. */
const FRAME_MS = 100;
const PLAIN_REMINDER_MS = 30_000;
const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const CLEAR_LINE = "\r\u001b[2K";

/** True where lines may be redrawn: a terminal that is no CI log. */
export function isLive(screen: Screen, environment: NodeJS.ProcessEnv = process.env): boolean {
  return screen.isTTY === true && !environment.CI && environment.TERM !== "dumb";
}

/**
 * Runs one phase of a command and shows how long it takes: `⠋ title … 3m12s` while it runs, `✓ title 3m15s` after it,
 * `✗ title 3m15s` where it fails. Without a terminal: a line at its start, one every half minute, one at its end.
 */
export async function phase<T>(
  title: string,
  work: (phase: Phase) => Promise<T>,
  screen: Screen = process.stderr,
): Promise<T> {
  const started = Date.now();
  const elapsed = (): string => formatDuration(Date.now() - started);
  const live = isLive(screen);
  let shownTitle = title;
  let note = "";
  let frame = 0;
  const waiting = (mark: string): string => `${mark} ${shownTitle} … ${elapsed()}${note ? `  ${note}` : ""}`;
  const draw = (): void => {
    frame = (frame + 1) % FRAMES.length;
    screen.write(CLEAR_LINE + fit(waiting(FRAMES[frame] ?? "·"), screen.columns));
  };
  const timer = live
    ? setInterval(draw, FRAME_MS)
    : setInterval(() => screen.write(waiting("·") + "\n"), PLAIN_REMINDER_MS);
  if (!live) screen.write(`· ${title} …\n`);
  const end = (mark: string): void => {
    clearInterval(timer);
    screen.write(`${live ? CLEAR_LINE : ""}${mark} ${shownTitle} ${elapsed()}\n`);
  };
  try {
    const result = await work({
      note: (text) => (note = text),
      line: (text) => screen.write(`${live ? CLEAR_LINE : ""}  ${text.replaceAll("\n", "\n  ")}\n`),
      title: (text) => (shownTitle = text),
    });
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

/** Cut to the width of the terminal: a line that wraps can't be redrawn. */
export function fit(text: string, columns = 80): string {
  return text.length < columns ? text : text.slice(0, Math.max(0, columns - 2)) + "…";
}

/** Prints a line that belongs to no phase. */
export function say(text = "", screen: Screen = process.stderr): void {
  screen.write(text + "\n");
}

import { styleText } from "node:util";
import type { Say } from "../lab/build/progress";

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
  /** Replaces the title that is shown at the end, as in `engine (cached)`. */
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

const MARKS: Readonly<Record<string, "green" | "red" | "yellow">> = { "✓": "green", "✗": "red", "!": "yellow" };

/** Colours for a person's terminal, and nowhere else: the marks ✓ ✗ ! at the start of a line, and headings that end with a colon. */
export function coloured(text: string, screen: Screen, environment: NodeJS.ProcessEnv = process.env): string {
  if (!isLive(screen, environment) || environment.NO_COLOR) return text;
  // Node would ask its own standard output; what counts is the screen that was named.
  const paint = (format: Parameters<typeof styleText>[0], part: string) =>
    styleText(format, part, { validateStream: false });
  return text
    .replace(/^( *)([✓✗!])(?= )/gm, (_, blanks: string, mark: string) => blanks + paint(MARKS[mark] ?? "bold", mark))
    .replace(/^[A-Z].*:$/gm, (heading) => paint("bold", heading));
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
    screen.write(`${live ? CLEAR_LINE : ""}${coloured(`${mark} ${shownTitle} ${elapsed()}`, screen)}\n`);
  };
  try {
    const result = await work({
      note: (text) => (note = text),
      line: (text) =>
        screen.write(`${live ? CLEAR_LINE : ""}${coloured(`  ${text.replaceAll("\n", "\n  ")}`, screen)}\n`),
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
  screen.write(coloured(text, screen) + "\n");
}

/**
 * Shows in a phase what the builders of lab/ say. On a terminal what is being done is shown behind the phase's title and
 * what is done gets a line; without one each gets a line.
 */
export function sayIn(phase: Phase): Say {
  const live = isLive(process.stderr);
  return (line) => (live && /…/.test(line) ? phase.note(line) : phase.line(line));
}

/** An elapsed time as a person reads it: `0.4s`, `12s`, `3m12s`, `1h02m`. */
export function formatDuration(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds) / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h${two(minutes % 60)}m`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Takes one line of progress for the user. */
export type Say = (line: string) => void;

export interface Progress {
  /** Says how many packages there are to compile. */
  expect: (packages: number) => void;
  /** Counts one compiled package. */
  compiled: () => void;
  /** Says that it is done. Returns the seconds it took. */
  done: () => number;
  stop: () => void;
}

const reportEveryMs = 30_000;

/** Says at once that something is being built, and from then on every half minute how far it has come. */
export function startProgress(title: string, say: Say): Progress {
  const started = Date.now();
  let expected = 0;
  let compiled = 0;
  const seconds = (): number => Math.round((Date.now() - started) / 1000);
  const timer = setInterval(() => {
    const packages = compiled > 0 ? `, ${compiled} of ${Math.max(expected, compiled)} packages` : "";
    say(`building ${title} … ${duration(seconds())}${packages}`);
  }, reportEveryMs);
  say(`building ${title} …`);
  return {
    expect: (packages) => void (expected = packages),
    compiled: () => void (compiled += 1),
    done: () => {
      clearInterval(timer);
      say(`built ${title} in ${duration(seconds())}`);
      return seconds();
    },
    stop: () => clearInterval(timer),
  };
}

/** Seconds in readable form: "45s", "6m31s". */
export function duration(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/** Reads the plain output of `pulumi up`, `refresh` and `destroy`, and makes it as short as it can be. Pure. */

/** What is shown of one line. */
export type Shown = { line: string } | { note: string } | undefined;

export interface OutputReader {
  read(line: string): Shown;
  /** What the run did, as the `Resources:` section says: `3 created`, `12 unchanged`. */
  readonly resources: string[];
  /** The names of the resources that failed. */
  readonly failed: string[];
  /** What failed came before any change of a machine or of the cluster: the program itself, or the look at all hosts. */
  readonly isUntouched: boolean;
}

type Section = "operations" | "diagnostics" | "resources";

/** ` +  command:remote:Command cp1-sysctl created (3s) …` */
const OPERATION = /^ ?([-+~<>=]{1,2}| {2})\s+(\S+) (\S+) (\S.*)$/;
/** Said of every plugin that is found beside a CLI it did not come with: known, and of no use to anybody. */
const NOISE = /warning: using pulumi-\S+ from \$PATH at /;
/**
 * Said of each resource whose provider was not made, because something else failed: that is told, and this explains
 * nothing. In front may stand the resource's name.
 */
const CONSEQUENCE = /(?:(\S+) +(?:\*\*[\w ]+\*\* )?)?error: unknown provider '/;

/** The look at all hosts: every change of a host waits for it. */
const PREFLIGHT = "preflight";
/** What is only in the state is no change: groups of resources, keys and passwords, how a host is known, what was seen on it. */
const ONLY_IN_STATE = /^(pulumi|homelab|pulumi-nodejs:dynamic\/(ssh|metal|host|argocd)):|\/tailscale:Devices$/;

export function outputReader(): OutputReader {
  let section: Section = "operations";
  const resources: string[] = [];
  const failed: string[] = [];
  const consequences = new Set<string>();
  let changed = false;
  let heading = "";
  /** A heading is shown with what stands below it, and not where that is all noise. */
  const diagnostic = (line: string): Shown => {
    const text = line.replace(/^ {2}/, "");
    if (/^\S+ \(.*\):$/.test(text)) {
      heading = text + "\n";
      return undefined;
    }
    const shown = { line: heading + text };
    heading = "";
    return shown;
  };
  return {
    resources,
    failed,
    get isUntouched() {
      return failed.every((name) => name === PREFLIGHT) && !changed;
    },
    read(line) {
      if (/^(Diagnostics|Resources):\s*$/.test(line)) {
        section = line.startsWith("D") ? "diagnostics" : "resources";
        return undefined;
      }
      if (line.trim() === "" || NOISE.test(line) || /^Duration: /.test(line)) return undefined;
      const consequence = CONSEQUENCE.exec(line);
      if (consequence) {
        consequences.add(consequence[1] ?? "");
        return undefined;
      }
      switch (section) {
        case "operations":
          changed ||= isChange(line);
          return consequences.has(OPERATION.exec(line)?.[3] ?? "") ? undefined : operation(line, failed);
        case "diagnostics":
          return diagnostic(line);
        case "resources":
          resources.push(...counts(line));
          return undefined;
      }
    },
  };
}

/** `+ 8 created`, `12 changes. 23 unchanged`: the second number of the latter, for the first is the sum of the others. */
function counts(line: string): string[] {
  const text = line
    .trim()
    .replace(/^[-+~<>=]+ /, "")
    .replace(/^\d+ changes?\. /, "");
  return /^\d+ \w+( \w+)?$/.test(text) ? [text] : [];
}

/** Begun is enough: what fails may have changed something. */
function isChange(line: string): boolean {
  const [, , type = "", , rest = ""] = OPERATION.exec(line) ?? [];
  return /^(\*\*)?\w+ing\b/.test(rest) && !ONLY_IN_STATE.test(type);
}

function operation(line: string, failed: string[]): Shown {
  if (/^(@ |\S+ \(\S+\):$)/.test(line) || /^(Updating|Refreshing|Destroying|Previewing)/.test(line)) return undefined;
  // What is said of the stack itself is said again below, in full.
  if (/^ *(\S{1,2} +)?pulumi:pulumi:Stack /.test(line)) return undefined;
  const [, mark = "", , name = "", rest = ""] = OPERATION.exec(line) ?? [];
  if (!name) return { line };
  if (/^\*\*.*failed/.test(rest)) {
    failed.push(name);
    return { line: `✗ ${name}` };
  }
  const done = /^((?:\w+ )?\w+ed(?: original| replacement)?)(?: \((\d+s)\))?/.exec(rest);
  if (done) return { line: `${mark.trim()} ${name} ${done[1]} ${done[2] ?? ""}`.trim() };
  return { note: name };
}

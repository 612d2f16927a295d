/** Reads the plain output of `pulumi up`, `refresh` and `destroy`, and makes it as short as it can be. Pure. */

/** What is shown of one line. */
export type Shown = { line: string } | { note: string } | undefined;

export interface OutputReader {
  read(line: string): Shown;
  /** What the run did, as the `Resources:` section says: `3 created`, `12 unchanged`. */
  readonly resources: string[];
  /** The names of the resources that failed. */
  readonly failed: string[];
}

type Section = "operations" | "diagnostics" | "resources";

/** ` +  command:remote:Command cp1-sysctl created (3s) …` */
const OPERATION = /^ ?([-+~<>=]{1,2}| {2})\s+(\S+) (\S+) (\S.*)$/;
/** Said of every plugin that is found beside a CLI it did not come with: known, and of no use to anybody. */
const NOISE = /warning: using pulumi-\S+ from \$PATH at /;

export function outputReader(): OutputReader {
  let section: Section = "operations";
  const resources: string[] = [];
  const failed: string[] = [];
  return {
    resources,
    failed,
    read(line) {
      if (/^(Diagnostics|Resources):\s*$/.test(line)) {
        section = line.startsWith("D") ? "diagnostics" : "resources";
        return undefined;
      }
      if (line.trim() === "" || NOISE.test(line) || /^Duration: /.test(line)) return undefined;
      switch (section) {
        case "operations":
          return operation(line, failed);
        case "diagnostics":
          return { line: line.replace(/^ {2}/, "") };
        case "resources":
          resources.push(line.trim().replace(/^[-+~<>=]+ /, ""));
          return undefined;
      }
    },
  };
}

function operation(line: string, failed: string[]): Shown {
  if (/^(@ |\S+ \(\S+\):$)/.test(line) || /^(Updating|Refreshing|Destroying|Previewing)/.test(line)) return undefined;
  const [, mark = "", , name = "", rest = ""] = OPERATION.exec(line) ?? [];
  if (!name) return { line };
  if (name.startsWith("homelab-") && /pulumi:pulumi:Stack/.test(line)) return undefined;
  if (/^\*\*.*failed/.test(rest)) {
    failed.push(name);
    return { line: `✗ ${name}` };
  }
  const done = /^((?:\w+ )?\w+ed(?: original| replacement)?)(?: \((\d+s)\))?/.exec(rest);
  if (done) return { line: `${mark.trim()} ${name} ${done[1]} ${done[2] ?? ""}`.trim() };
  return { note: name };
}

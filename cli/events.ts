import type { DiagnosticEvent, EngineEvent, StepEventMetadata } from "@pulumi/pulumi/automation/events";
import type { OpType } from "@pulumi/pulumi/automation/stack";
import { NAMES, ONLY_IN_STATE, TYPES, urnParts } from "../checks/stack-state";

/** What is shown of one event: lines of their own, and a note of what is being done now. */
export interface Shown {
  lines?: string[];
  note?: string;
}

/** Reads the engine's events of one run, in their order, and makes them as short as they can be. */
export interface EventReader {
  read(event: EngineEvent): Shown;
  /** The diagnostics of the run, by what they are about: shown last, where they are not missed. */
  readonly diagnostics: string[];
  /** What the run did: `3 created`, `12 unchanged`. */
  readonly counts: string[];
  /** The names of the resources that failed, each once. */
  readonly failed: string[];
  /** What failed came before any change of a host or of the cluster: the program itself, or the preflight of the hosts. */
  readonly isUntouched: boolean;
}

/** How an operation that is done is marked, and said. Of the others nothing is shown. */
const DONE: Partial<Record<OpType, readonly [mark: string, word: string]>> = {
  create: ["+", "created"],
  update: ["~", "updated"],
  delete: ["-", "deleted"],
  replace: ["+-", "replaced"],
  "create-replacement": ["++", "created replacement"],
  "delete-replaced": ["--", "deleted original"],
  import: ["=", "imported"],
  "import-replacement": ["=", "imported replacement"],
};

/** Said of every plugin that is found beside a CLI that it didn't come with: known, and of no use. */
const NOISE = "using pulumi-";
/** Errors that only follow from another one: of a resource whose provider was not made, and of the run as a whole. */
const CONSEQUENCES = ["unknown provider '", "update failed", "resource monitor shut down"];

export function eventReader(): EventReader {
  const running = new Map<string, { name: string; since: number }>();
  const said = new Map<string, string[]>();
  const consequences = new Set<string>();
  const failed = new Set<string>();
  let counts: string[] = [];
  let changed = false;

  const note = (more = ""): Shown => ({ note: [...running.values()].map(({ name }) => name).join(", ") + more });
  const begun = ({ urn, type, op }: StepEventMetadata, since: number): Shown => {
    const isChange = DONE[op] !== undefined;
    if (!isChange && op !== "refresh") return {};
    // Begun is enough: what fails may have changed something.
    changed ||= isChange && !ONLY_IN_STATE.some((prefix) => type.startsWith(prefix));
    if (!isStack(type)) running.set(urn, { name: urnParts(urn).name, since });
    return note();
  };
  const done = ({ urn, type, op }: StepEventMetadata, at: number): Shown => {
    const [mark, word] = DONE[op] ?? [];
    const since = running.get(urn)?.since ?? at;
    running.delete(urn);
    if (!mark || isStack(type)) return note();
    return { ...note(), lines: [`${mark} ${urnParts(urn).name} ${word} ${at - since}s`] };
  };
  const failure = (urn: string): Shown => {
    running.delete(urn);
    const { name, type } = urnParts(urn);
    if (isStack(type) || consequences.has(urn) || failed.has(name)) return note();
    failed.add(name);
    return { ...note(), lines: [`✗ ${name}`] };
  };
  const diagnostic = ({ urn = "", message, prefix, severity, ephemeral }: DiagnosticEvent): Shown => {
    const text = message.trimEnd();
    // `--json` has the SDK's own notes to itself, too; the SDK's types leave out their severity.
    if (text === "" || text.startsWith(NOISE) || (severity as string) === "debug") return {};
    if (ephemeral) return note(`: ${text.split("\n")[0] ?? ""}`);
    if (CONSEQUENCES.some((consequence) => text.startsWith(consequence))) {
      consequences.add(urn);
      return {};
    }
    const lines = said.get(urn) ?? [];
    said.set(urn, [...lines, (prefix ?? "") + text]);
    // A resource that is refused before an operation on it begins has no failed one.
    return severity === "error" && urn !== "" ? failure(urn) : {};
  };

  return {
    get diagnostics() {
      return [...said].map(([urn, texts]) => [...heading(urn), ...texts].join("\n").replaceAll("\n", "\n  "));
    },
    get counts() {
      return counts;
    },
    get failed() {
      return [...failed];
    },
    get isUntouched() {
      return !changed && [...failed].every((name) => name === NAMES.preflight);
    },
    read(event) {
      if (event.resourcePreEvent) return begun(event.resourcePreEvent.metadata, event.timestamp);
      if (event.resOutputsEvent) return done(event.resOutputsEvent.metadata, event.timestamp);
      if (event.resOpFailedEvent) return failure(event.resOpFailedEvent.metadata.urn);
      if (event.diagnosticEvent) return diagnostic(event.diagnosticEvent);
      if (event.stdoutEvent?.message.trim()) return { lines: [event.stdoutEvent.message.trimEnd()] };
      if (event.summaryEvent) counts = countsOf(event.summaryEvent.resourceChanges);
      return {};
    },
  };
}

function isStack(type: string): boolean {
  return type === TYPES.stack;
}

/** What a diagnostic is about; of the run as a whole it is said without a heading. */
function heading(urn: string): string[] {
  if (urn === "") return [];
  const { type, name } = urnParts(urn);
  return [isStack(type) ? "program:" : `${name} (${type}):`];
}

function countsOf(changes: Partial<Record<OpType, number>>): string[] {
  const counted = Object.entries(changes) as [OpType, number][];
  return counted
    .filter(([, count]) => count > 0)
    .map(([op, count]) => `${count} ${op === "same" ? "unchanged" : (DONE[op]?.[1] ?? op)}`);
}

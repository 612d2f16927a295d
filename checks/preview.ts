import { urnParts } from "./stack-state";

/** One resource in a preview. Secrets in it are masked. */
export interface PreviewedResource {
  urn: string;
  type: string;
  name: string;
  /** `replace` stands for its three steps. */
  operation: "create" | "update" | "replace" | "delete" | "read" | "same";
  /** Inputs as the state has them; none for a resource that is created. */
  before?: Readonly<Record<string, unknown>>;
  /** Inputs as they will be; none for a resource that is deleted. */
  after?: Readonly<Record<string, unknown>>;
  /** The inputs that differ, by the path or the name that the provider gives. */
  changed: readonly string[];
  /** URN of its parent. */
  parent?: string;
  /** URNs that it waits for. */
  dependencies: readonly string[];
}

/** One that `up` would do something with. */
export type ChangedResource = PreviewedResource & {
  operation: Exclude<PreviewedResource["operation"], "read" | "same">;
};

/** Whether `up` would do something with it; reading a thing is no change. */
export function isChanged(resource: PreviewedResource): resource is ChangedResource {
  return resource.operation !== "same" && resource.operation !== "read";
}

/** The names of the inputs that differ, each once. */
export function changedInputs({ changed }: PreviewedResource): string[] {
  return [...new Set(changed.map((input) => input.replace(/[.[].*$/, "")))];
}

/** What `pulumi preview --json` says. */
export interface Preview {
  /** Those that stay as they are may be left out. */
  resources: PreviewedResource[];
  /** How many stay as they are, the stack itself among them. */
  unchanged: number;
  /** What the program and the drivers say: why there is no plan, or what may be wrong with it. */
  errors: string[];
  warnings: string[];
}

interface StateInPreview {
  inputs?: Record<string, unknown>;
  parent?: string;
  dependencies?: string[];
}

interface PreviewJson {
  steps?: {
    op: string;
    urn: string;
    oldState?: StateInPreview;
    newState?: StateInPreview;
    detailedDiff?: Record<string, unknown> | null;
    diffReasons?: string[] | null;
  }[];
  diagnostics?: { severity?: string; message?: string }[];
  changeSummary?: Readonly<Record<string, number>>;
}

/** Answers `undefined` for a text that isn't a preview. */
export function readPreview(text: string): Preview | undefined {
  let json: PreviewJson;
  try {
    json = JSON.parse(text) as PreviewJson;
  } catch {
    return undefined;
  }
  const { steps = [], diagnostics = [], changeSummary = {} } = json;
  const said = (severity: string): string[] => [
    ...new Set(
      diagnostics
        .filter((diagnostic) => diagnostic.severity === severity)
        .map(({ message = "" }) => plain(message))
        .filter((message) => message !== "" && !ABOUT_PLUGINS.test(message)),
    ),
  ];
  const resources = new Map<string, PreviewedResource>();
  for (const { op, urn, oldState, newState, detailedDiff, diffReasons } of steps) {
    // With `--refresh` each resource is first read, and then planned.
    if (op === "refresh") continue;
    const { type, name } = urnParts(urn);
    const operation = OPERATIONS[op] ?? "update";
    // A replacement has a step for the new one, one for the old one, and one that joins them.
    const { before = oldState?.inputs, after = newState?.inputs } = resources.get(urn) ?? {};
    const { parent, dependencies = [] } = newState ?? oldState ?? {};
    const changed = [...new Set([...Object.keys(detailedDiff ?? {}), ...(diffReasons ?? [])])].sort();
    resources.set(urn, {
      ...{ urn, type, name, operation, changed, dependencies },
      ...(before && operation !== "create" ? { before } : {}),
      ...(after && operation !== "delete" ? { after } : {}),
      ...(parent === undefined ? {} : { parent }),
    });
  }
  // The engine's order is another one in each run.
  const inOrder = [...resources.values()].sort((a, b) => (a.urn < b.urn ? -1 : 1));
  const unchanged = changeSummary["same"] ?? 0;
  return { resources: inOrder, unchanged, errors: said("error").sort(), warnings: said("warning").sort() };
}

const OPERATIONS: Readonly<Record<string, PreviewedResource["operation"]>> = {
  create: "create",
  import: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  read: "read",
  same: "same",
};

/** Said of each plugin that is found beside a CLI that it didn't come with, and of what waits for a kubeconfig that a step will print. */
const ABOUT_PLUGINS = /^(using pulumi-|The provider for this resource has inputs that are not known during preview)/;

function plain(message: string): string {
  return message
    .replace(/<\{%[^%]*%\}>/g, "")
    .replace(/^(error|warning): /, "")
    .trim();
}

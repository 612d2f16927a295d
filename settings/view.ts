import { isIpv4, subnet as subnetRule } from "./formats";
import { valueAt } from "./problems";

type Path = readonly PropertyKey[];

/** A value and where it stands. */
export interface Found<Value> {
  path: Path;
  value: Value;
}

/** What the rules between settings look at in one node. */
export interface NodeView {
  path: Path;
  raw: Readonly<Record<string, unknown>>;
  name?: Found<string>;
  role?: string;
  /** `address` and `privateAddress`, where they are IPv4 addresses. */
  addresses: Found<string>[];
}

/**
 * The settings as they were written, read leniently: what is malformed is left out, because the schema reports it. So
 * the rules between settings work, and their findings come in the same message, when single values are wrong too.
 */
export interface View {
  raw: Readonly<Record<string, unknown>>;
  kind?: string;
  nodes: NodeView[];
  /** Whether `machines.nodes` is a list: the rules about its whole make sense. */
  hasNodes: boolean;
}

export function viewOf(raw: Readonly<Record<string, unknown>>): View {
  const nodes = valueAt(raw, ["machines", "nodes"]);
  return {
    raw,
    kind: textAt(raw, ["machines", "kind"])?.value,
    hasNodes: Array.isArray(nodes) && nodes.length > 0,
    nodes: Array.isArray(nodes) ? nodes.flatMap((node, index) => nodeView(raw, node, index)) : [],
  };
}

function nodeView(raw: View["raw"], node: unknown, index: number): NodeView[] {
  if (node === null || typeof node !== "object" || Array.isArray(node)) return [];
  const path = ["machines", "nodes", index];
  const addresses = ["address", "privateAddress"].flatMap((field) => textAt(raw, [...path, field]) ?? []);
  return [
    {
      path,
      raw: node as Record<string, unknown>,
      name: textAt(raw, [...path, "name"]),
      role: textAt(raw, [...path, "role"])?.value,
      addresses: addresses.filter(({ value }) => isIpv4(value)),
    },
  ];
}

export function textAt(raw: unknown, path: Path): Found<string> | undefined {
  const value = valueAt(raw, path);
  return typeof value === "string" ? { path, value } : undefined;
}

/** The well-formed subnet at a path, or the default where nothing is set. */
export function subnetAt(raw: unknown, path: Path, fallback: string): Found<string> | undefined {
  if (valueAt(raw, path) === undefined) return { path, value: fallback };
  const found = textAt(raw, path);
  return found && subnetRule(found.value) === undefined ? found : undefined;
}

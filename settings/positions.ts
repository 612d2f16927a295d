import { type EventType, load, type State } from "js-yaml";
import { PROJECT } from "./stack-file";

/** A node of a YAML document: a mapping has its keys and values in turn. */
interface Node {
  /** Counted from 1. */
  line: number;
  value: unknown;
  children: Node[];
}

/**
 * Finds the line of a setting in the text of a stack's file, counted from 1. A path is as in `["sysctls", "vm.swappiness"]`; of a list, an
 * item is named by its `name`. Answers `undefined` where the setting isn't written there.
 */
export function settingLines(text: string, project = PROJECT): (path: readonly string[]) => number | undefined {
  const config = valueAt(parsed(text), "config")?.value;
  return ([topic = "", ...path]) => {
    let found = config && valueAt(config, `${project}:${topic}`);
    for (const name of path) found = found && valueAt(found.value, name);
    return found?.line;
  };
}

function parsed(text: string): Node | undefined {
  const open: Node[] = [];
  let root: Node | undefined;
  const listener = (event: EventType, state: State): void => {
    if (event === "open") {
      open.push({ line: state.line + 1, value: undefined, children: [] });
      return;
    }
    const node = open.pop();
    if (!node) return;
    node.value = (state as State & { result: unknown }).result;
    const parent = open.at(-1);
    if (parent) parent.children.push(node);
    else root = node;
  };
  load(text, { listener });
  return root;
}

/** What stands at a name: in a mapping its value, in a list the item of that name. The line is that of the name. */
function valueAt(node: Node | undefined, name: string): { line: number; value: Node } | undefined {
  if (!node) return undefined;
  if (Array.isArray(node.value)) {
    const item = node.children.find((child) => valueAt(child, "name")?.value.value === name);
    return item && { line: valueAt(item, "name")?.line ?? item.line, value: item };
  }
  const index = node.children.findIndex((child, place) => place % 2 === 0 && child.value === name);
  const [key, value] = [node.children[index], node.children[index + 1]];
  return index >= 0 && key && value ? { line: key.line, value } : undefined;
}

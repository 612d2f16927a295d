import { type ChangedResource, type PreviewedResource } from "../../checks/preview";
import { TYPES, urnParts } from "../../checks/stack-state";
import { STEPS } from "../../components/node/steps";
import { scriptIn } from "../../components/remote/remote-step";
import { type Piece, place, type PlanContext } from "./piece";
import type { Line, Operation } from "./plan";
import { wholeScript } from "./script-changes";

/** Lines of what a step leaves on a new host that are shown. */
const FEW_FACTS = 3;

/** The hosts that come or go as a whole: each is one change, whatever its resources are. */
export class Hosts {
  private readonly whole = new Map<string, { operation: Operation; resources: ChangedResource[] }>();

  constructor(changed: readonly ChangedResource[]) {
    for (const { type, name, operation } of changed) {
      if (type === TYPES.preparedNode && operation !== "update") this.whole.set(name, { operation, resources: [] });
    }
    for (const resource of changed) this.whole.get(hostOf(resource) ?? "")?.resources.push(resource);
  }

  has(resource: PreviewedResource): boolean {
    return this.whole.has(hostOf(resource) ?? "");
  }

  pieces({ placeOf }: PlanContext): Piece[] {
    return [...this.whole].map(([host, { operation, resources }]): Piece => {
      const setBy = place(placeOf(["machines", "nodes", host]));
      const section = "nodes";
      if (operation === "delete") {
        const effects = [
          "it is drained first (5 minutes at most; PodDisruptionBudgets are respected), then what was made on it is undone",
        ];
        return { section, operation, title: `node ${host} leaves the cluster`, lines: [], effects, setBy };
      }
      const joins = resources.some(({ type }) => type === TYPES.join);
      const title = joins ? `node ${host} is prepared and joins` : `${host} is prepared, and the cluster begins on it`;
      return { section, operation, title, lines: newHost(resources), effects: [], setBy };
    });
  }
}

/** What each step leaves on a new host, a line a step. */
function newHost(resources: readonly PreviewedResource[]): Line[] {
  const order = STEPS.map(({ name }) => name);
  return resources
    .filter(({ type }) => type === TYPES.command)
    .map((resource) => ({ step: stepOf(resource), script: scriptIn(resource.after ?? {}) }))
    .sort((a, b) => order.indexOf(a.step) - order.indexOf(b.step))
    .map(({ step, script = "" }) => {
      const facts = wholeScript(script).map(({ text }) => text);
      const more = facts.length - FEW_FACTS;
      const shown = facts.slice(0, FEW_FACTS).join(", ") + (more > 0 ? ` and ${more} more` : "");
      return { mark: "+", text: shown === "" ? step : `${step}: ${shown}` };
    });
}

/** The host that a resource is on or of; none of the cluster's own. */
export function hostOf({ type, name, parent = "" }: PreviewedResource): string | undefined {
  if (type === TYPES.preparedNode) return name;
  if (type === TYPES.join) return name.replace(/-join$/, "");
  if (type === TYPES.inspection) return name.replace(/-inspection$/, "");
  const owner = parent === "" ? undefined : urnParts(parent);
  if (owner?.type === TYPES.preparedNode) return owner.name;
  if (owner?.type === TYPES.machines) return name.replace(/-(condition|power)$/, "");
  return undefined;
}

/** The step that a resource runs on its host. */
export function stepOf({ name, parent = "" }: PreviewedResource): string {
  const host = parent === "" ? "" : urnParts(parent).name;
  return name.startsWith(`${host}-`) ? name.slice(host.length + 1) : name;
}

import { createHash } from "node:crypto";
import { type ChangedResource, isChanged, type Preview, type PreviewedResource } from "../../checks/preview";
import { TYPES } from "../../checks/stack-state";
import { STEPS } from "../../components/node/steps";
import { STEP_SCRIPT } from "../../components/remote/remote-step";
import { Hosts } from "./hosts";
import type { Piece, PlanContext } from "./piece";
import { type Change, type Plan, SECTIONS } from "./plan";
import { pieceOf } from "./resources";

/** Makes a plan of a preview. Pure: the same preview, in whatever order its steps came, is the same plan. */
export function planOf(preview: Preview, context: PlanContext): Plan {
  const { resources, errors } = preview;
  const scripts = new Map(resources.filter(({ type }) => type === STEP_SCRIPT).map((one) => [one.name, one] as const));
  const changed = resources
    .filter(isChanged)
    .filter(({ type }) => type !== STEP_SCRIPT)
    .map((resource) => (resource.type === TYPES.command ? withScript(resource, scripts.get(resource.name)) : resource));
  const hosts = new Hosts(changed);
  const pieces: Piece[] = hosts.pieces(context);
  const follows: string[] = [];
  let logins = 0;
  for (const resource of changed) {
    if (resource.type === TYPES.stack || hosts.has(resource)) continue;
    const piece = pieceOf(resource, context);
    if (piece === "login") logins += 1;
    else if (piece === "follows") follows.push(resource.name);
    else pieces.push(piece);
  }
  const plan = {
    stack: context.stack,
    errors,
    warnings: preview.warnings,
    refused: [...new Set(pieces.flatMap(({ refused }) => refused ?? []))].sort(),
    changes: grouped(pieces),
    logins,
    follows: follows.sort(),
    counts: countsOf(preview),
    unknown: unknownOf(pieces),
  };
  const digest = createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 12);
  return { ...plan, digest };
}

/** A step with the script that its own inputs hide. */
function withScript(step: ChangedResource, shown: PreviewedResource | undefined): ChangedResource {
  const { before, after } = step;
  return {
    ...step,
    ...(before ? { before: { ...before, script: shown?.before?.["script"] } } : {}),
    ...(after ? { after: { ...after, script: shown?.after?.["script"] } } : {}),
  };
}

function grouped(pieces: readonly Piece[]): Change[] {
  const groups = new Map<string, Change & { hosts: string[] }>();
  for (const { section, operation, title, host, lines, effects, setBy } of pieces) {
    // One add-on is one change, whatever its resources are.
    const isAddon = section === "add-ons";
    const key = JSON.stringify([section, operation, title, ...(isAddon ? [] : [lines, effects])]);
    const known = groups.get(key);
    groups.set(key, {
      ...{ section, operation, title },
      lines: isAddon ? [...(known?.lines ?? []), ...lines] : lines,
      effects: known ? union(known.effects, effects) : effects,
      setBy: known ? union(known.setBy, setBy) : setBy,
      hosts: [...(known?.hosts ?? []), ...(host === undefined ? [] : [host])].sort(),
    });
  }
  const rank = ({ section, title, hosts }: Change): string =>
    `${SECTIONS.indexOf(section)} ${stepRank(title)} ${title} ${hosts.join(" ")}`;
  return [...groups.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function union(some: readonly string[], others: readonly string[]): string[] {
  return [...new Set([...some, ...others])].sort();
}

/** Steps are shown in the order in which they run. */
function stepRank(title: string): string {
  return String(STEPS.findIndex(({ name }) => name === title) + 1).padStart(2, "0");
}

function countsOf({ resources, unchanged }: Preview): Plan["counts"] {
  const counts = { create: 0, update: 0, replace: 0, delete: 0, unchanged };
  for (const { operation, type } of resources.filter(isChanged)) {
    if (type !== TYPES.stack) counts[operation] += 1;
  }
  return counts;
}

function unknownOf(pieces: readonly Piece[]): string[] {
  if (pieces.length === 0) return [];
  return [
    "whether the hosts can be reached and are as they were left: `make refresh` looks",
    ...(pieces.some(({ section, operation }) => section === "nodes" && operation === "create")
      ? ["whether a new host passes the preflight"]
      : []),
    ...(pieces.some(({ section }) => section === "add-ons") ? ["which of a chart's objects differ"] : []),
  ];
}

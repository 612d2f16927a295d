import { createHash } from "node:crypto";
import { type Preview, type PreviewedResource, UNKNOWN } from "../../checks/preview";
import { foundOnHost } from "../../checks/drift";
import { NAMES, TYPES, urnParts } from "../../checks/stack-state";
import type { Addon } from "../../components/addons/addon";
import { addons } from "../../components/addons/list";
import { clusterConfigIn } from "../../components/cluster/init-script";
import { STEPS } from "../../components/node/steps";
import { scriptIn, STEP_SCRIPT } from "../../components/remote/remote-step";
import { type Change, type Line, type Operation, type Plan, SECTIONS } from "./plan";
import { difference, scriptChanges, wholeScript } from "./script-changes";
import { hidden, valueChanges } from "./value-changes";

/** What else a plan is made of. */
export interface PlanContext {
  stack: string;
  /** Where a setting is written, as in `Pulumi.metal.yaml:21`; `undefined` where it isn't. */
  placeOf: (setting: readonly string[]) => string | undefined;
}

type ChangedResource = PreviewedResource & { operation: Operation };

function isChanged(resource: PreviewedResource): resource is ChangedResource {
  return resource.operation !== "same" && resource.operation !== "read";
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

/** What one resource brings; equal ones of several hosts become one change. */
interface Piece extends Omit<Change, "hosts"> {
  host?: string;
  refused?: string;
}

/** The component that has all steps of a host. */
const PREPARED_NODE = "homelab:node:PreparedNode";
const JOIN = "pulumi-nodejs:dynamic/kubeadm:Join";
const INSPECTION = TYPES.inspection;
const METAL_HOST = "pulumi-nodejs:dynamic/metal:Host";
/** Inputs that say how a host is reached. */
const LOGIN = ["connection", "controlPlane", "node", "target", "targets"];
/** Inputs of a step that have its script, or how it gets to the host. */
const TO_THE_HOST = ["create", "update", "stdin"];
/** Lines of what a step leaves on a new host that are shown. */
const FEW_FACTS = 3;

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

/** The hosts that come or go as a whole: each is one change, whatever its resources are. */
class Hosts {
  private readonly whole = new Map<string, { operation: Operation; resources: ChangedResource[] }>();

  constructor(changed: readonly ChangedResource[]) {
    for (const { type, name, operation } of changed) {
      if (type === PREPARED_NODE && operation !== "update") this.whole.set(name, { operation, resources: [] });
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
      const joins = resources.some(({ type }) => type === JOIN);
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

function hostOf({ type, name, parent = "" }: PreviewedResource): string | undefined {
  if (type === PREPARED_NODE) return name;
  if (type === JOIN) return name.replace(/-join$/, "");
  if (type === INSPECTION) return name.replace(/-inspection$/, "");
  const owner = parent === "" ? undefined : urnParts(parent);
  if (owner?.type === PREPARED_NODE) return owner.name;
  if (owner?.type === "homelab:machines:Machines") return name.replace(/-(condition|power)$/, "");
  return undefined;
}

function stepOf({ name, parent = "" }: PreviewedResource): string {
  const host = parent === "" ? "" : urnParts(parent).name;
  return name.startsWith(`${host}-`) ? name.slice(host.length + 1) : name;
}

/** What a resource changes; or that it only records a login, or follows from others. */
function pieceOf(resource: ChangedResource, context: PlanContext): Piece | "login" | "follows" {
  const { type, name, operation, before = {}, after = {} } = resource;
  const meaning = addonMeaning(resource, context);
  if (meaning) return meaning;
  const found = type === TYPES.command ? foundOnHost(after) : undefined;
  if (operation === "update" && found !== undefined && found !== foundOnHost(before)) return repair(resource, found);
  if (operation === "update") {
    const inputs = [...new Set(resource.changed.map((input) => input.replace(/[.[].*$/, "")))];
    const real = inputs.filter((input) => !LOGIN.includes(input) && after[input] !== UNKNOWN);
    const sameScript = type === TYPES.command && scriptIn(before) === scriptIn(after);
    const nothing = real.every((input) => sameScript && TO_THE_HOST.includes(input));
    // A host that exists has nothing else that can be updated; and a script that is the same goes there in another way.
    const isLogin =
      type === METAL_HOST || (sameScript && inputs.some((input) => [...LOGIN, ...TO_THE_HOST].includes(input)));
    if (nothing) return isLogin ? "login" : "follows";
  }
  if (type === TYPES.kubernetesProvider || FOLLOWERS.includes(name) || type === INSPECTION) return "follows";
  if (type.startsWith("homelab:")) return "follows";
  if (type === TYPES.command) return scriptPiece(resource, context);
  const addon = addons.find((one) => name === one.name || name.startsWith(`${one.name}-`));
  const section = addon ? "add-ons" : "other";
  const lines = operation === "update" ? valueLines(resource, addon !== undefined) : [];
  if (addon && operation !== "update" && type !== TYPES.release) return "follows";
  if (operation === "update" && lines.length === 0) return "follows";
  return {
    ...{ section, operation, lines },
    title: addon ? addonTitle(addon.name, operation) : `${name} (${type})`,
    effects: addon && type === TYPES.release && operation === "update" ? [addon.onChange] : [],
    setBy: addon ? place(context.placeOf(["addons", addon.name])) : [],
  };
}

/** A step that runs again because its host is not as the step left it. */
function repair(resource: ChangedResource, found: string): Piece {
  const { operation } = resource;
  const [title, host] = [`${stepOf(resource)} runs again`, hostOf(resource)];
  const effects = STEPS.find(({ name }) => name === stepOf(resource))?.effects?.(new Set()) ?? [];
  const lines = [{ mark: " ", text: `found by the last refresh: ${found}` }] as const;
  return { section: "hosts", operation, title, lines, effects, setBy: [], ...(host === undefined ? {} : { host }) };
}

/** What a secret's change means, where its add-on says it. */
function addonMeaning({ name, operation }: ChangedResource, { placeOf }: PlanContext): Piece | undefined {
  const all: readonly Addon[] = addons;
  const addon = all.find(({ meanings = {} }) => name in meanings);
  const meaning = addon?.meanings?.[name];
  if (!addon || !meaning || operation !== "update") return undefined;
  return {
    ...{ section: "add-ons", operation, title: addon.name },
    lines: [{ mark: " ", text: `${meaning.what}: another value (a secret)` }],
    effects: [meaning.effect],
    setBy: place(placeOf(["addons", addon.name])),
  };
}

/** Resources that list all nodes, or wait for them: they change with every node, and do nothing by themselves. */
const FOLLOWERS: readonly string[] = [NAMES.preflight, "cluster-ready", "cluster-control-plane-kubeconfig"];

function addonTitle(name: string, operation: Operation): string {
  if (operation === "create") return `${name} is installed`;
  return operation === "delete" ? `${name} is removed` : name;
}

function scriptPiece(resource: ChangedResource, { placeOf }: PlanContext): Piece | "follows" {
  const { name, operation, before = {}, after = {} } = resource;
  const [old = "", now = ""] = [scriptIn(before), scriptIn(after)];
  const host = hostOf(resource);
  const { lines, facts } = scriptChanges(old, now);
  if (operation === "update" && lines.length === 0) return "follows";
  const done = STEPS.find((step) => host !== undefined && step.name === stepOf(resource));
  if (host !== undefined) {
    const settings = [...facts].map((fact) => placeOf(settingOf(fact)));
    return {
      ...{ section: "hosts", operation, title: stepOf(resource), host, lines },
      effects: done?.effects?.(facts) ?? [],
      setBy: [...new Set(settings.flatMap(place))].sort(),
      ...(facts.has("package kubelet") ? { refused: VERSION_REFUSED } : {}),
    };
  }
  if (name === NAMES.init) return initPiece(resource, old, now, placeOf);
  const addon = addons.find((one) => name.startsWith(`${one.name}-`));
  const shown = lines
    .filter(({ text }) => text.startsWith("# "))
    .map(({ mark, text }) => ({ mark, text: text.slice(2) }));
  if (addon)
    return {
      ...{ section: "add-ons", operation, title: addon.name, lines: [] },
      effects: shown.filter(({ mark }) => mark === "+").map(({ text }) => text),
      setBy: place(placeOf(["addons", addon.name])),
    };
  return { section: "cluster", operation, title: name.replace(/^cluster-/, ""), lines, effects: [], setBy: [] };
}

const VERSION_REFUSED =
  "the Kubernetes version of a running cluster can't be changed yet: the kubelets of all hosts would change at the same moment. Take `cluster.kubernetesVersion` (or the newer `versions.ts`) back";

function initPiece(
  { operation }: ChangedResource,
  old: string,
  now: string,
  placeOf: PlanContext["placeOf"],
): Piece | "follows" {
  const title = "kubeadm's settings of the cluster";
  if (operation === "create")
    return { section: "cluster", operation, title: "kubeadm init", lines: [], effects: [], setBy: [] };
  const lines = difference(clusterConfigIn(old) ?? "", clusterConfigIn(now) ?? "");
  if (lines.length === 0) return "follows";
  const refused =
    "kubeadm's settings of a running cluster can't be changed in place yet (the lines are below). Take the change of `cluster` back, or build the cluster again";
  return { section: "cluster", operation, title, lines, effects: [], setBy: place(placeOf(["cluster"])), refused };
}

/** The setting that a fact comes from, where one says exactly that. */
function settingOf(fact: string): string[] {
  const [kind = "", key = ""] = fact.split(/ (.*)/);
  if (kind === "sysctl" || kind === "sysctl-minimum") return ["sysctls", key];
  if (kind === "module") return ["modules", key];
  return /containerd/.test(fact) ? ["containerd"] : [];
}

/** Inputs that the engine or a plugin adds: the code of the drivers, what a chart makes. */
const OF_THE_ENGINE = /^(__provider|resourceNames|checksum)\b/;

/** Values that differ; of one that a preview masks, that it differs. */
function valueLines({ before = {}, after = {}, changed, type }: PreviewedResource, isInAddon: boolean): Line[] {
  const masked = [...new Set(changed.map((input) => input.replace(/[.[].*$/, "")))].filter((input) =>
    hidden(after[input]),
  );
  // A secret of an add-on follows from the resource that has a meaning.
  const secret = isInAddon ? [] : masked.filter((input) => after[input] !== UNKNOWN && !LOGIN.includes(input));
  const lines = valueChanges(before, after).filter(({ text }) => !OF_THE_ENGINE.test(text));
  const chart = type === TYPES.release && after["chart"] === UNKNOWN && before["chart"] !== UNKNOWN;
  return [
    ...(chart ? [{ mark: " ", text: "another chart, which no run has fetched yet" } as const] : []),
    ...lines,
    ...secret.map((input): Line => ({ mark: " ", text: `${input}: another value (a secret)` })),
  ];
}

function grouped(pieces: readonly Piece[]): Change[] {
  const groups = new Map<string, Change & { hosts: string[] }>();
  for (const { section, operation, title, host, ...rest } of pieces) {
    const piece = { section, operation, title, lines: rest.lines, effects: rest.effects, setBy: rest.setBy };
    // One add-on is one change, whatever its resources are.
    const same = piece.section === "add-ons" ? [piece.title] : [piece.title, piece.lines, piece.effects];
    const key = JSON.stringify([piece.section, piece.operation, ...same]);
    const known = groups.get(key);
    const hosts = [...(known?.hosts ?? []), ...(host === undefined ? [] : [host])].sort();
    if (!known || piece.section !== "add-ons") groups.set(key, { ...piece, hosts });
    else
      groups.set(key, {
        ...{ ...known, hosts },
        lines: [...known.lines, ...piece.lines],
        effects: [...new Set([...known.effects, ...piece.effects])].sort(),
        setBy: [...new Set([...known.setBy, ...piece.setBy])].sort(),
      });
  }
  const rank = ({ section, title, hosts }: Change): string =>
    `${SECTIONS.indexOf(section)} ${stepRank(title)} ${title} ${hosts.join(" ")}`;
  return [...groups.values()].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
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

const place = (found: string | undefined): string[] => (found === undefined ? [] : [found]);

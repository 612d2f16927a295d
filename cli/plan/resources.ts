import { foundOnHost } from "../../checks/drift";
import { type ChangedResource, changedInputs, type PreviewedResource } from "../../checks/preview";
import { NAMES, TYPES } from "../../checks/stack-state";
import { addonOf } from "../../components/addons/list";
import { clusterConfigIn } from "../../components/cluster/init-script";
import { STEPS } from "../../components/node/steps";
import { scriptIn } from "../../components/remote/remote-step";
import { UNKNOWN } from "../../providers/driver";
import { hostOf, stepOf } from "./hosts";
import { type Piece, place, type PlanContext } from "./piece";
import type { Line, Operation } from "./plan";
import { difference, scriptChanges } from "./script-changes";
import { MASKED, valueChanges } from "./value-changes";

/** Inputs that say how a host is reached. */
const LOGIN = ["connection", "controlPlane", "node", "target", "targets"];
/** Inputs of a step that have its script, or how it gets to the host. */
const TO_THE_HOST = ["create", "update", "stdin"];

/** What a resource changes; or that it only records a login, or follows from others. */
export function pieceOf(resource: ChangedResource, context: PlanContext): Piece | "login" | "follows" {
  const { type, name, operation, before = {}, after = {} } = resource;
  const meaning = addonMeaning(resource, context);
  if (meaning) return meaning;
  const found = type === TYPES.command ? foundOnHost(after) : undefined;
  if (operation === "update" && found !== undefined && found !== foundOnHost(before)) return repair(resource, found);
  if (operation === "update") {
    const inputs = changedInputs(resource);
    const real = inputs.filter((input) => !LOGIN.includes(input) && after[input] !== UNKNOWN);
    const sameScript = type === TYPES.command && scriptIn(before) === scriptIn(after);
    const nothing = real.every((input) => sameScript && TO_THE_HOST.includes(input));
    // A host that exists has nothing else that can be updated; and a script that is the same goes there in another way.
    const isLogin =
      type === TYPES.metalHost || (sameScript && inputs.some((input) => [...LOGIN, ...TO_THE_HOST].includes(input)));
    if (nothing) return isLogin ? "login" : "follows";
  }
  if (type === TYPES.kubernetesProvider || FOLLOWERS.includes(name) || type === TYPES.inspection) return "follows";
  if (type.startsWith("homelab:")) return "follows";
  if (type === TYPES.command) return scriptPiece(resource, context);
  const addon = addonOf(name);
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
  const title = `${stepOf(resource)} runs again`;
  const lines = [{ mark: " ", text: `found by the last refresh: ${found}` }] as const;
  return { section: "hosts", operation, title, host: hostOf(resource), lines, effects: [], setBy: [] };
}

/** What a secret's change means, where its add-on says it. */
function addonMeaning({ name, operation }: ChangedResource, { placeOf }: PlanContext): Piece | undefined {
  const addon = addonOf(name);
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
const FOLLOWERS: readonly string[] = [NAMES.preflight, NAMES.ready, NAMES.kubeconfig];

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
  if (host !== undefined) {
    const step = stepOf(resource);
    const settings = [...facts].map((fact) => placeOf(settingOf(fact)));
    return {
      ...{ section: "hosts", operation, title: step, host, lines },
      effects: STEPS.find(({ name }) => name === step)?.effects?.(facts) ?? [],
      setBy: [...new Set(settings.flatMap(place))].sort(),
      ...(facts.has("package kubelet") ? { refused: VERSION_REFUSED } : {}),
    };
  }
  if (name === NAMES.init) return initPiece(resource, old, now, placeOf);
  const addon = addonOf(name);
  if (addon) {
    // Its comments say what the values do, a line each.
    const effects = lines.flatMap(({ mark, text }) => (mark === "+" && text.startsWith("# ") ? [text.slice(2)] : []));
    const setBy = place(placeOf(["addons", addon.name]));
    return { section: "add-ons", operation, title: addon.name, lines: [], effects, setBy };
  }
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
function valueLines(resource: PreviewedResource, isInAddon: boolean): Line[] {
  const { before = {}, after = {}, type } = resource;
  const masked = changedInputs(resource).filter((input) => after[input] === MASKED && !LOGIN.includes(input));
  // A secret of an add-on follows from the resource that has a meaning.
  const secret = isInAddon ? [] : masked;
  const lines = valueChanges(before, after).filter(({ text }) => !OF_THE_ENGINE.test(text));
  const chart = type === TYPES.release && after["chart"] === UNKNOWN && before["chart"] !== UNKNOWN;
  return [
    ...(chart ? [{ mark: " ", text: "another chart, which no run has fetched yet" } as const] : []),
    ...lines,
    ...secret.map((input): Line => ({ mark: " ", text: `${input}: another value (a secret)` })),
  ];
}

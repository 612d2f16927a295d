/**
 * What a driver is: the life of one kind of thing that Pulumi's own providers do not know, as ordinary TypeScript.
 * `driver-provider.ts` connects a driver to the engine. How each method must behave: `docs/architecture.md`.
 */

/** A problem with one input, found before anything is changed. */
export interface CheckFailure {
  property: string;
  reason: string;
}

/** What separates the recorded inputs from the wanted ones. */
interface Difference {
  changes: boolean;
  /** Names of the inputs that can't be changed in place. Empty: an update is enough. */
  replaces: string[];
  /** The old thing must go first, because it holds a name or an address that the new one needs. */
  deleteBeforeReplace: boolean;
}

/** A thing as it was found; `undefined` from `read` says that it is gone for good. */
interface Reading<Inputs, Outputs> {
  id: string;
  inputs: Inputs;
  outputs: Outputs;
}

/**
 * The life of one kind of thing.
 *
 * - `check` and `diff` are pure and fast: the engine runs them one after the other, in every preview.
 * - `create` adopts what an interrupted run left behind, and refuses what it did not make itself under the same name.
 * - `read` throws when the thing can't be reached, and answers `undefined` only when it is truly gone.
 * - `delete` takes an absent thing as deleted.
 */
export interface Driver<Inputs extends object, Outputs extends object> {
  /** @param recorded the inputs of the last run; none where there is no such thing yet, or it is about to be replaced */
  check?(inputs: Inputs, recorded?: Inputs): { inputs: Inputs; failures: CheckFailure[] };
  diff(id: string, recorded: Outputs, wanted: Inputs): Difference;
  create(inputs: Inputs): Promise<{ id: string; outputs: Outputs }>;
  read?(id: string, recorded: Outputs): Promise<Reading<Inputs, Outputs> | undefined>;
  update?(id: string, recorded: Outputs, wanted: Inputs): Promise<Outputs>;
  delete(id: string, recorded: Outputs): Promise<void>;
}

/** Thrown by `create` when the thing exists but is not finished: it is kept in the state, and the next `up` updates it. */
export class PartiallyCreated extends Error {
  constructor(
    message: string,
    readonly id: string,
    readonly outputs: object,
  ) {
    super(message);
    this.name = "PartiallyCreated";
  }
}

/** True where `wanted` can't be known yet, as in a first preview (pulumi.runtime.unknownValue, anywhere inside). */
export function isUnknown(wanted: unknown): boolean {
  if (wanted === UNKNOWN) return true;
  if (Array.isArray(wanted)) return wanted.some(isUnknown);
  if (wanted !== null && typeof wanted === "object") return Object.values(wanted).some(isUnknown);
  return false;
}

/** The engine's placeholder for a value that is not known during a preview: `pulumi.runtime.unknownValue`. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/**
 * Compares inputs by value. `replaceOn` lists the inputs that can't be changed in place, `ignore` those whose change
 * needs no work (credentials and paths by which a thing is reached, for example).
 */
export function difference<Inputs extends object>(
  recorded: object,
  wanted: Inputs,
  rules: {
    replaceOn?: (keyof Inputs & string)[];
    ignore?: (keyof Inputs & string)[];
    deleteBeforeReplace?: boolean;
  } = {},
): Difference {
  const ignored = new Set<string>(rules.ignore);
  const changed = Object.keys(wanted).filter((key) => {
    if (ignored.has(key) || key === "__provider") return false;
    const value = (wanted as Record<string, unknown>)[key];
    return isUnknown(value) || !sameValue((recorded as Record<string, unknown>)[key], value);
  });
  return {
    changes: changed.length > 0,
    replaces: changed.filter((key) => (rules.replaceOn as string[] | undefined)?.includes(key)),
    deleteBeforeReplace: rules.deleteBeforeReplace ?? false,
  };
}

/** Equality of two JSON values; the order of an object's keys and keys that hold `undefined` do not count. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => sameValue(left[key], right[key]));
}

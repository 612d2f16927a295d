import { z } from "zod";
import type { Secret } from "./fields";
import { isMapping } from "./stack-file";

/**
 * The settings as they were written, as a tree of the schema's shape: by it a rule reads them and names the place of a
 * problem, in words that the compiler checks. Each value is checked when it is read, and by itself: so rules run, and
 * report in the same message, although other settings are wrong.
 */

const SETTING = Symbol("setting");

/** What is written inside of something that should be a mapping or a list, and is neither: wrong too, and without a default. */
const MALFORMED = Symbol("malformed");

/** One setting, without those inside it. */
export interface Setting<T = unknown> {
  readonly [SETTING]: {
    readonly schema: z.ZodType<T>;
    readonly written: unknown;
    readonly path: readonly PropertyKey[];
  };
}

/** A setting with those inside it: by name; of a list, its items; of a map with free names, the names that were written. */
export type Place<T> = Setting<T> & Inside<T>;

type Inside<T> = T extends Secret
  ? unknown
  : T extends readonly (infer Item)[]
    ? readonly Place<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]-?: Place<NonNullable<T[Name]>> }
      : unknown;

/** The value, with defaults; `undefined` where it is malformed, or left out and without a default. */
export function valueOf<T>({ [SETTING]: { schema, written } }: Setting<T>): T | undefined {
  return schema.safeParse(written).data;
}

/** Whether something is written there, right or wrong. */
export function isSet({ [SETTING]: { written } }: Setting): boolean {
  return written !== undefined && written !== MALFORMED;
}

/** As in `["machines", "nodes", 0, "name"]`. */
export function pathOf({ [SETTING]: { path } }: Setting): readonly PropertyKey[] {
  return path;
}

/** What is written there, unchecked. */
export function writtenAt({ [SETTING]: { written } }: Setting): unknown {
  return written === MALFORMED ? undefined : written;
}

/** The setting at a path that zod names; none where the schema has no such place. */
export function settingAt(root: Setting, path: readonly PropertyKey[]): Setting | undefined {
  return path.reduce<Setting | undefined>(
    (setting, name) =>
      setting && Object.hasOwn(setting, name) ? (setting as Setting & Record<PropertyKey, Setting>)[name] : undefined,
    root,
  );
}

/** The value at a place; `undefined` where there is none. */
export function valueIn(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inside, name) =>
      inside !== null && typeof inside === "object" && Object.hasOwn(inside, name)
        ? (inside as Record<PropertyKey, unknown>)[name]
        : undefined,
    value,
  );
}

export function isInside(path: readonly PropertyKey[], outer: readonly PropertyKey[]): boolean {
  return outer.every((name, index) => path[index] === name);
}

/** The setting and all inside it. */
export function allSettings(setting: Setting): Setting[] {
  return [setting, ...(Object.values(setting) as Setting[]).flatMap(allSettings)];
}

/** The names that are known inside a setting; none where any name is. */
export function namesAt({ [SETTING]: { schema, written } }: Setting): string[] {
  return namesOf(unwrapped(schema, written).inner);
}

/** What the schema says about a setting. */
export function metaAt({ [SETTING]: { schema } }: Setting): z.core.GlobalMeta {
  return metaOf(schema);
}

function metaOf(schema: z.ZodType): z.core.GlobalMeta {
  const meta = schema.meta();
  const isWrapper =
    schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault;
  return meta ?? (isWrapper ? metaOf(schema.unwrap() as z.ZodType) : {});
}

/** The tree of all that a schema describes. */
export function placesOf<T>(schema: z.ZodType<T>, written: unknown, path: readonly PropertyKey[] = []): Place<T> {
  const { inner, value } = unwrapped(schema, written);
  return Object.defineProperty(inside(inner, value, path), SETTING, { value: { schema, written, path } }) as Place<T>;
}

function inside(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): object {
  if (schema instanceof z.ZodArray) {
    const items: unknown[] = Array.isArray(value) ? value : [];
    return items.map((item, index) => placesOf(schema.element as z.ZodType, item, [...path, index]));
  }
  const fields = fieldsOf(schema, value);
  const written = (name: string) => {
    if (!isMapping(value)) return value === undefined ? undefined : MALFORMED;
    return Object.hasOwn(value, name) ? value[name] : undefined;
  };
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, placesOf(field, written(name), [...path, name])]),
  );
}

function fieldsOf(schema: z.ZodType, value: unknown): Record<string, z.ZodType> {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (!(schema instanceof z.ZodRecord)) return {};
  const names = [...namesOf(schema), ...(isMapping(value) ? Object.keys(value) : [])];
  return Object.fromEntries(names.map((name) => [name, schema.valueType as z.ZodType]));
}

function namesOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodRecord && schema.keyType instanceof z.ZodEnum ? schema.keyType.options.map(String) : [];
}

/** The schema behind defaults and alternatives, and the value that it has to take. */
function unwrapped(schema: z.ZodType, value: unknown): { inner: z.ZodType; value: unknown } {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) {
    return unwrapped(schema.unwrap() as z.ZodType, value === undefined ? schema.def.defaultValue : value);
  }
  if (schema instanceof z.ZodOptional) return unwrapped(schema.unwrap() as z.ZodType, value);
  return { inner: schema instanceof z.ZodDiscriminatedUnion ? optionFor(schema, value) : schema, value };
}

/** The alternative of this value; the first where it is of no known kind, for what all kinds have. */
function optionFor({ def, options }: z.ZodDiscriminatedUnion, value: unknown): z.ZodType {
  const [first, ...others] = options as z.ZodObject[];
  const kind = isMapping(value) ? value[def.discriminator] : undefined;
  const chosen = others.find(({ shape }) => (shape[def.discriminator] as z.ZodType).safeParse(kind).success);
  return chosen ?? (first as z.ZodObject);
}

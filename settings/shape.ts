import { z } from "zod";
import { settingsSchema } from "./schema";

/** The parts of a JSON schema that are used here. */
export interface Shape {
  description?: string;
  type?: string;
  enum?: string[];
  const?: string;
  default?: string | number | boolean | object;
  minimum?: number;
  maximum?: number;
  /** Set by `secretText`. */
  secret?: boolean;
  properties?: Record<string, Shape>;
  required?: string[];
  items?: Shape;
  propertyNames?: Shape;
  additionalProperties?: Shape | boolean;
  oneOf?: Shape[];
}

let root: Shape | undefined;

/** The schema of all settings as plain data: for messages and for the reference page. */
export function settingsShape(): Shape {
  root ??= z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as Shape;
  return root;
}

/** The names that are allowed at a path; none where any name is. */
export function settingNamesAt(path: readonly PropertyKey[], raw: unknown): string[] {
  const shape = shapeAt(path, raw);
  return Object.keys(shape?.properties ?? {}).concat(shape?.propertyNames?.enum ?? []);
}

/** What a setting is for. */
export function descriptionAt(path: readonly PropertyKey[], raw: unknown): string | undefined {
  const last = path.at(-1);
  return last === undefined ? undefined : inside(shapeAt(path.slice(0, -1), raw), last, undefined)?.description;
}

/** Whether a value at a path is a secret, or has one inside. */
export function isSecretAt(path: readonly PropertyKey[], raw: unknown): boolean {
  return shapeAt(path, raw)?.secret === true || /password|secret|token|privateKey$/i.test(String(path.at(-1)));
}

/** All paths at which `raw` holds a secret's value. */
export function secretPaths(raw: unknown, shape: Shape | undefined = settingsShape()): PropertyKey[][] {
  if (shape?.secret) return typeof raw === "string" && raw !== "" ? [[]] : [];
  if (raw === null || typeof raw !== "object") return [];
  return Object.entries(raw).flatMap(([name, value]) => {
    const part = Array.isArray(raw) ? Number(name) : name;
    return secretPaths(value, inside(shape, part, raw)).map((path) => [part, ...path]);
  });
}

function shapeAt(path: readonly PropertyKey[], raw: unknown): Shape | undefined {
  let shape: Shape | undefined = settingsShape();
  let value: unknown = raw;
  for (const part of path) {
    shape = inside(shape, part, value);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[part];
  }
  return variant(shape, value);
}

function inside(shape: Shape | undefined, part: PropertyKey, value: unknown): Shape | undefined {
  const chosen = variant(shape, value);
  if (typeof part === "number") return chosen?.items;
  const property =
    chosen?.properties && Object.hasOwn(chosen.properties, part) ? chosen.properties[String(part)] : undefined;
  const others = chosen?.additionalProperties;
  return property ?? (typeof others === "object" ? others : undefined);
}

/** Of a discriminated union, the variant that `kind` names. */
function variant(shape: Shape | undefined, value: unknown): Shape | undefined {
  if (!shape?.oneOf) return shape;
  const kind = (value as { kind?: unknown } | null | undefined)?.kind;
  return shape.oneOf.find((option) => option.properties?.kind?.const === kind);
}

import { z } from "zod";
import { kinds } from "../../../providers/machines/kinds";
import { settingsSchema } from "../../../settings/schema";

/** Every place at which the schema of the settings takes a single value, so that no setting can be forgotten by a test. */

/** One of them, with a name in the place of each free one and the first item of each list. */
export interface SettingPlace {
  /** The kind of machine in whose stack it is; the first where all have it. */
  kind: string;
  path: readonly PropertyKey[];
  meta: z.core.GlobalMeta;
}

/** What may be the name in a map with free names: the first that its schema takes. */
const NAMES = ["example", "net.core.somaxconn", "Example", "registry.example"];
/** Where a free value is inside a mapping of the user's own. */
const INSIDE = ["canary", "list", 0];

export function everySetting(): SettingPlace[] {
  const { machines, ...shared } = settingsSchema.shape;
  const first = kinds[0].name;
  return [
    ...kinds.flatMap(({ name }, index) =>
      placesIn((machines as unknown as z.ZodDiscriminatedUnion).options[index] as z.ZodType, ["machines"], {}).map(
        (place) => ({ ...place, kind: name }),
      ),
    ),
    ...Object.entries(shared).flatMap(([name, schema]) =>
      placesIn(schema, [name], {}).map((place) => ({
        ...place,
        kind: name === "ssh" ? "metal" : first,
      })),
    ),
  ];
}

function placesIn(schema: z.ZodType, path: PropertyKey[], around: z.core.GlobalMeta): Omit<SettingPlace, "kind">[] {
  const meta = { ...around, ...schema.meta() };
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return placesIn(schema.unwrap() as z.ZodType, path, meta);
  }
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, inner]) => placesIn(inner as z.ZodType, [...path, name], {}));
  }
  if (schema instanceof z.ZodArray) return placesIn(schema.element as z.ZodType, [...path, 0], {});
  if (schema instanceof z.ZodRecord) {
    const value = schema.valueType as z.ZodType;
    const name = nameFor(schema.keyType as z.ZodType);
    if (value instanceof z.ZodUnknown) return [{ path: [...path, ...INSIDE], meta }];
    return placesIn(value, [...path, name], {});
  }
  return [{ path, meta }];
}

function nameFor(keys: z.ZodType): PropertyKey {
  const names = keys instanceof z.ZodEnum ? keys.options : NAMES;
  const name = names.find((one) => keys.safeParse(one).success);
  if (name === undefined) throw new Error("none of the known names is taken: add one to NAMES");
  return name;
}

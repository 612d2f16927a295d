import { isPlainObject } from "../../settings/fields";

/** Helm values: JSON, with Pulumi inputs and secrets of the settings allowed as leaves. */
export interface Values {
  [key: string]: unknown;
}

/** Lays values over each other, later ones win. Maps are merged, lists and scalars replaced, as Helm does with several files. */
export function mergeValues(...layers: Values[]): Values {
  return layers.reduce<Values>((merged, layer) => mergeTwo(merged, layer), {});
}

function mergeTwo(under: Values, over: Values): Values {
  const merged: Values = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isPlainObject(below) && isPlainObject(value) ? mergeTwo(below, value) : value;
  }
  return merged;
}

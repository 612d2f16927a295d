/** Helm values: JSON, with Pulumi inputs allowed as leaves. */
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
    merged[key] = isMap(below) && isMap(value) ? mergeTwo(below, value) : value;
  }
  return merged;
}

/** A map of values; not an input that Pulumi has yet to know. */
export function isMap(value: unknown): value is Values {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

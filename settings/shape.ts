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

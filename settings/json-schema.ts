import { z } from "zod";
import { settingsSchema } from "./schema";

/** The parts of a JSON schema that are used here. */
export interface JsonSchema {
  description?: string;
  type?: string | string[];
  enum?: string[];
  const?: string;
  default?: string | number | boolean | object;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  propertyNames?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  oneOf?: JsonSchema[];
  /** Set by `secretText`. */
  secret?: boolean;
  /** Set by `scalarText`. */
  scalar?: boolean;
  /** Set where a number means what it is, however it is written. */
  amount?: boolean;
  /** Set by `freeForm`, and for single values that stay secret. */
  mayBeEncrypted?: boolean;
}

/** The schema of all settings as plain data. */
export function settingsJsonSchema(): JsonSchema {
  return z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

/** What the file holds in place of a secret. */
const ENCRYPTED = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** The schema of a whole file Pulumi.<stack>.yaml, for editors: they complete names, show descriptions and mark mistakes. */
export function stackFileJsonSchema(): object {
  const { properties = {}, required = [] } = settingsJsonSchema();
  const key = (name: string) => `homelab:${name}`;
  const names = Object.keys(properties);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Pulumi.<stack>.yaml of the project homelab",
    $comment: "Written by docs/generate-settings.ts from the schema in settings/. Change that instead.",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties: Object.fromEntries(names.map((name) => [key(name), inFile(properties[name] ?? {})])),
        required: required.map(key),
        // Other projects and providers have settings of their own there.
        propertyNames: { pattern: `^(homelab:(${names.join("|")})|(?!homelab:).*)$` },
      },
      encryptionsalt: { type: "string", description: "Of the passphrase that encrypts secrets; written by Pulumi" },
      encryptedkey: { type: "string", description: "Of the key service that encrypts secrets; written by Pulumi" },
      secretsprovider: { type: "string", description: "What encrypts secrets, where it is not a passphrase" },
    },
  };
}

/** A setting as it is written in YAML: what is not text may be written without quotes, and a secret is encrypted. */
function inFile({ secret, scalar, mayBeEncrypted, ...schema }: JsonSchema): object {
  const { description, properties, items, additionalProperties, oneOf } = schema;
  delete schema.amount;
  if (secret) return { description, ...ENCRYPTED };
  if (mayBeEncrypted && schema.type === "string") return { description, oneOf: [{ type: "string" }, ENCRYPTED] };
  return {
    ...schema,
    ...(scalar ? { type: ["string", "number", "boolean"] } : {}),
    ...(properties
      ? { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, inFile(inner)])) }
      : {}),
    ...(items ? { items: inFile(items) } : {}),
    ...(typeof additionalProperties === "object" ? { additionalProperties: inFile(additionalProperties) } : {}),
    ...(oneOf ? { oneOf: oneOf.map(inFile) } : {}),
  };
}

import { z } from "zod";

/** Says what a setting is for; the text is in the reference page and in settings.schema.json. */
export const described = <Schema extends z.ZodType>(description: string, schema: Schema) =>
  schema.meta({ description });

/** Answers what is wrong with a text, as the end of a sentence that begins with it, or `undefined`. */
export type Format = (value: string) => string | undefined;

/** A format of one expression and a greatest length. */
export function pattern(expression: RegExp, maxLength: number, complaint: string): Format {
  return (value) => {
    if (value.length > maxLength) return `is longer than ${maxLength} characters`;
    return expression.test(value) ? undefined : complaint;
  };
}

/** A text that has a format. */
export function text(format: Format, description: string) {
  return z
    .string()
    .superRefine((value, context) => {
      const complaint = format(value);
      if (complaint) context.addIssue({ code: "custom", message: complaint });
    })
    .meta({ description });
}

/** Like `text`, for what is written in several ways that mean the same: the value is `normal` of it, from then on. */
export function normalText(format: Format, normal: (value: string) => string, description: string) {
  return text(format, description).transform(normal).meta({ description });
}

/** Like `text`, for values that YAML may have read as a number or a boolean: `1` means "1". */
export function scalarText(format: Format, description: string) {
  const isScalar = (value: unknown) => ["number", "bigint", "boolean"].includes(typeof value);
  const toText = (value: unknown) => (isScalar(value) ? String(value) : value);
  return z.preprocess(toText, text(format, description)).meta({ description, scalar: true });
}

/** A secret that doesn't show when the settings are printed or turned into JSON. Give `reveal()` to `pulumi.secret`. */
export interface Secret {
  readonly reveal: () => string;
}

/** What is shown of an encrypted value. */
export const ENCRYPTED = "(encrypted)";

class Encrypted implements Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return ENCRYPTED;
  }
}

export function secretOf(text: string): Secret {
  return new Encrypted(text);
}

export function isSecret(value: unknown): value is Secret {
  return value instanceof Encrypted;
}

/** The value with `make` of each secret in it; without one in it, the value itself. */
export function mapSecrets<T>(value: T, make: (secret: Secret) => unknown): T {
  return (hasSecret(value) ? mapped(value, make) : value) as T;
}

function mapped(value: unknown, make: (secret: Secret) => unknown): unknown {
  if (isSecret(value)) return make(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, make));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapped(inner, make)]));
}

export function hasSecret(value: unknown): boolean {
  if (isSecret(value)) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  return isPlainObject(value) && Object.values(value).some(hasSecret);
}

/** Not an input that Pulumi has yet to know, nor a secret. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype;
}

/** A setting that must be encrypted in the stack's file (`pulumi config set --secret --path …`). */
export function secretText(description: string) {
  return secret(z.string(), description);
}

/** Like `secretText`, for what a program asks for with a prompt: it would take the second line for the answer to its next one. */
export function secretLine(description: string) {
  const oneLine = (value: string) => !/[\n\r\0]/.test(value);
  return secret(z.string().refine(oneLine, "has more than one line; a line break at its end counts too"), description);
}

function secret(schema: z.ZodString, description: string) {
  return schema.min(1).max(16384).transform(secretOf).meta({ description, secret: true });
}

/**
 * A mapping of the user's own. Single values in it may be encrypted in the stack's file: they are secrets (`isSecret`) in it from
 * then on, and must stay so on their whole way.
 */
export function freeForm(description: string) {
  const text = `${description}; single values in it may be encrypted`;
  return z
    .record(z.string(), z.unknown())
    .superRefine((value, context) => {
      for (const path of bigIntegersIn(value, [])) {
        context.addIssue({
          code: "custom",
          path,
          message: "has more digits than a number here can hold; write it in quotes",
        });
      }
    })
    .meta({ description: text, mayBeEncrypted: true });
}

/** JSON as Pulumi's engine takes it has no integers beyond 2^53. */
function bigIntegersIn(value: unknown, path: PropertyKey[]): PropertyKey[][] {
  if (typeof value === "bigint") return [path];
  if (Array.isArray(value)) return value.flatMap((item, index) => bigIntegersIn(item, [...path, index]));
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) => bigIntegersIn(inner, [...path, name]));
}

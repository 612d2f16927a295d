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

/** Like `text`, for values that YAML may have read as a number or a boolean: `1` means "1". */
export function scalarText(format: Format, description: string) {
  const toText = (value: unknown) => (typeof value === "number" || typeof value === "boolean" ? String(value) : value);
  return z.preprocess(toText, text(format, description)).meta({ description, scalar: true });
}

/** A secret that doesn't show when the settings are printed or turned into JSON. Give `reveal()` to `pulumi.secret`. */
export interface Secret {
  readonly reveal: () => string;
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
  return schema
    .min(1)
    .max(16384)
    .transform((value): Secret => ({ reveal: () => value }))
    .meta({ description, secret: true });
}

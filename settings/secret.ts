import { z } from "zod";

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
  return secret(
    z.string().refine((value) => !/[\n\r\0]/.test(value), "has more than one line; a line break at its end counts too"),
    description,
  );
}

function secret(text: z.ZodString, description: string) {
  return text
    .min(1)
    .max(16384)
    .meta({ description, secret: true })
    .transform((value): Secret => ({ reveal: () => value }));
}

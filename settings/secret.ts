import { z } from "zod";

/** A secret that doesn't show when the settings are printed or turned into JSON. Give `reveal()` to `pulumi.secret`. */
export interface Secret {
  readonly reveal: () => string;
}

/** A setting that must be encrypted in the stack's file (`pulumi config set --secret --path …`). */
export function secretText(description: string) {
  return z
    .string()
    .min(1)
    .max(16384)
    .meta({ description, secret: true })
    .transform((value): Secret => ({ reveal: () => value }));
}

import { z } from "zod";

/** Answers what is wrong with a value, as the end of a sentence that begins with it, or `undefined`. */
export type Rule = (value: string) => string | undefined;

/** A string that keeps a rule. Its description stands in the reference page. */
export function text(rule: Rule, description: string) {
  return z
    .string()
    .superRefine((value, context) => {
      const complaint = rule(value);
      if (complaint) context.addIssue({ code: "custom", message: complaint });
    })
    .meta({ description });
}

/** Like `text`, for values that YAML may have read as a number or a boolean: `1` means "1". */
export function scalarText(rule: Rule, description: string) {
  const toText = (value: unknown) => (typeof value === "number" || typeof value === "boolean" ? String(value) : value);
  return z.preprocess(toText, text(rule, description));
}

/** A rule of one expression and a greatest length. */
export function pattern(expression: RegExp, maxLength: number, complaint: string): Rule {
  return (value) => {
    if (value.length > maxLength) return `is longer than ${maxLength} characters`;
    return expression.test(value) ? undefined : complaint;
  };
}

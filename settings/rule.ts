import type { z } from "zod";
import type { Place, Setting } from "./places";
import type { settingsSchema } from "./schema";

/** Every setting of a stack, as it was written. */
export type WrittenSettings = Place<z.output<typeof settingsSchema>>;

/** Says what is wrong with a setting: the rest of a sentence that begins with its place. */
export type Report = (setting: Setting, problem: string) => void;

/**
 * What must be true between settings; each by itself is a matter of its schema. A rule is written beside the schema of what it
 * is about, and listed in `schema.ts`.
 */
export type Rule = (settings: WrittenSettings, report: Report) => void;

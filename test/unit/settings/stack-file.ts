import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";

export const root = path.resolve(__dirname, "../../..");

/** The settings in a stack's file, as Pulumi hands them to the program. */
export function settingsIn(file: string): Record<string, unknown> {
  const { config } = load(readFileSync(path.join(root, file), "utf8")) as { config: Record<string, unknown> };
  const entries = Object.entries(config).map(([key, value]) => [key.replace(/^homelab:/, ""), value]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

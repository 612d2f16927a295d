import path from "node:path";
import { readStackFile } from "../../../settings/stack-file";

export const root = path.resolve(__dirname, "../../..");

/** The settings in a stack's file, as Pulumi hands them to the program. */
export function settingsIn(file: string): Record<string, unknown> {
  return readStackFile(path.join(root, file)).settings;
}

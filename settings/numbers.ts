import { randomUUID } from "node:crypto";
import type { Problem } from "./messages/problems";
import { allSettings, metaAt, pathOf, type Setting, settingAt, writtenAt } from "./places";

/** Numbers as they are written: JavaScript's own have 53 bits, Pulumi's and the kernel's 64. */

const MARK = randomUUID();
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Like `JSON.parse`, with each integer that a number can't hold as a bigint. */
export function parseJson(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as unknown;
  const marked = text.replace(TOKENS, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${MARK}${token}"` : token,
  );
  return JSON.parse(marked, (_name, value: unknown) =>
    typeof value === "string" && value.startsWith(MARK) ? BigInt(value.slice(MARK.length)) : value,
  ) as unknown;
}

/**
 * Numbers in the place of text that YAML reads as something else than what is written: `1.10` as 1.1, `010` as 8.
 *
 * @param file the settings with every number as the file has it
 */
export function misreadNumbers(root: Setting, file: Setting | undefined): Problem[] {
  if (!file) return [];
  return allSettings(root).flatMap((setting) => {
    const value = writtenAt(setting);
    const { scalar, amount } = metaAt(setting);
    if (scalar !== true || amount === true || (typeof value !== "number" && typeof value !== "bigint")) return [];
    const inFile = settingAt(file, pathOf(setting));
    const written = inFile && writtenAt(inFile);
    if (typeof written !== "string" || written === String(value)) return [];
    return [{ path: pathOf(setting), message: `${written} is read as ${value}; write it in quotes: "${written}"` }];
  });
}

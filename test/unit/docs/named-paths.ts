import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(__dirname, "../../..");

/** The folders at the top of the repository. */
export const topFolders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !/^(\.(?!github$|ci$)|node_modules$|reports$)/.test(entry.name))
  .map(({ name }) => name);

const below = `(?:${topFolders.map((name) => name.replace(".", "\\.")).join("|")})/[\\w.<>*/-]*`;
const atTop = "[\\w.-]+\\.(?:ts|js)(?=`)";

/** The paths of this repository that a text names: what is below a folder of its top, and `name.ts` in code. */
export function namedPaths(text: string): string[] {
  const names = text.matchAll(new RegExp(`(?<![\\w./@:-])${below}|(?<=\`)${atTop}`, "g"));
  return [...names].map(([name]) => name.replace(/\.$/, ""));
}

/**
 * Whether a path is there. `<name>` and `*` match any folder or part of a file's name. A path in `test/` may be the beginning
 * of a file's name, as jest takes it.
 */
export function exists(name: string): boolean {
  if (!/[<*]/.test(name)) return existsSync(path.join(root, name)) || startsFile(name);
  const parts = name.split("/").filter((part) => part !== "");
  return parts
    .reduce<string[]>((folders, part) => folders.flatMap((folder) => matching(folder, part)), [root])
    .some((found) => existsSync(found));
}

const entriesOf = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const startsFile = (name: string): boolean =>
  /^test\/.*\/[\w-]+$/.test(name) &&
  entriesOf(path.join(root, path.dirname(name))).some((entry) => entry.startsWith(path.basename(name)));

function matching(folder: string, part: string): string[] {
  const pattern = part.split(/<\w+>|\*/).map((each) => each.replace(/[.]/g, "\\."));
  return entriesOf(folder)
    .filter((entry) => new RegExp(`^${pattern.join(".+")}$`).test(entry))
    .map((entry) => path.join(folder, entry));
}

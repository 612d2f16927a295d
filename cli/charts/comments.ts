/** A line of a values.yaml that has a key: in use, or switched off in a comment. */
const KEY = /^(\s*)(- )?["']?([\w./-]+)["']?:(?:\s|$)/;
const COMMENTED = /^(\s*)#+(\s?)(.*)$/;
/** Between two such lines a comment has a JSON schema. */
const SCHEMA = /^\s*#\s*@schema@?\s*$/;

interface Level {
  indent: number;
  path: string;
}

/** The keys that a values.yaml has in its comments, each under the path that its indentation says: `image.digest`. */
export function keysInComments(valuesFile: string): ReadonlySet<string> {
  const found = new Set<string>();
  const inUse: Level[] = [];
  let commented: Level[] = [];
  let inSchema = false;
  for (const line of valuesFile.split(/\r?\n/)) {
    if (SCHEMA.test(line)) inSchema = !inSchema;
    if (inSchema) continue;
    const comment = COMMENTED.exec(line);
    const key = KEY.exec(comment ? `${comment[1]}${comment[3]}` : line);
    if (!key) continue;
    const [, blanks = "", dash = "", name = ""] = key;
    const entry = { indent: blanks.length, name, inList: dash !== "" };
    if (comment) found.add(enter(commented, entry));
    else {
      enter(inUse, entry);
      // What is in a comment has no effect on the keys in use.
      commented = [...inUse];
    }
  }
  return found;
}

/** The path of a key, given the keys above it; what comes after it and is further in is below it. */
function enter(levels: Level[], { indent, name, inList }: { indent: number; name: string; inList: boolean }): string {
  while ((levels.at(-1)?.indent ?? -1) >= indent) levels.pop();
  const above = levels.at(-1)?.path;
  const path = [above, ...(inList ? ["[]"] : []), name].filter((part) => part !== undefined).join(".");
  // The keys of an element of a list are as far in as the first one, which is behind the dash.
  levels.push(
    inList ? { indent, path: [above, "[]"].filter((part) => part !== undefined).join(".") } : { indent, path },
  );
  return path;
}

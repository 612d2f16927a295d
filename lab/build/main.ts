import { allGroups, defaultGroups, ensureAllBinaries, type Group } from "./binaries";

const usage = `usage: npx tsx lab/build/main.ts [group…]

Builds the lab's binaries from source, what every lab needs or the groups named, and prints a line "group folder" for each.
Groups: ${allGroups.join(" ")}`;

async function main(names: readonly string[]): Promise<void> {
  const unknown = names.filter((name) => !(allGroups as readonly string[]).includes(name));
  if (unknown.length > 0) throw new Error(`no such group: ${unknown.join(", ")}\n${usage}`);
  const wanted = names.length > 0 ? (names as readonly Group[]) : defaultGroups;
  const folders = Object.entries(await ensureAllBinaries(wanted));
  process.stdout.write(folders.map(([group, folder]) => `${group} ${folder}\n`).join(""));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

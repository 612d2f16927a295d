import { commandLineError, daemonError, errorsOccurred } from "./failure";
import type { Instance } from "./instance";

/**
 * The instances that a command names; without names all that it can mean.
 *
 * @throws CommandFailure that lists every name that is unknown, or deleted where that matters
 */
export function named(
  command: string,
  names: readonly string[],
  { deletedToo }: { deletedToo: boolean },
  all: readonly Instance[],
): Instance[] {
  if (names.length === 0) return all.filter(({ deleted }) => deletedToo || !deleted);
  const found = names.map((name) => all.find((instance) => instance.name === name) ?? name);
  const deleted = found.filter((one): one is Instance => typeof one !== "string" && one.deleted);
  const errors = [
    ...(deletedToo ? [] : deleted.map(({ name }) => `instance "${name}" is deleted`)),
    ...found.flatMap((one) => (typeof one === "string" ? [`instance "${one}" does not exist`] : [])),
  ];
  if (errors.length > 0) throw daemonError(command, errorsOccurred([...new Set(errors)]));
  return [...new Set(found as Instance[])];
}

/** Names, or `--all`, but not both and not neither. */
export function checkNamesOrAll(names: readonly string[], all: boolean): void {
  if (names.length === 0 && !all) throw commandLineError("Name argument or --all is required");
  if (names.length > 0 && all) {
    throw commandLineError(`Cannot specify name${names.length > 1 ? "s" : ""} when --all option set`);
  }
}

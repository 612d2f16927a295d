import * as fs from "node:fs";
import * as path from "node:path";

/** Folders of programs that a user's PATH may lack, although they hold what root's has. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/**
 * The file that runs as `name`, looked up as a shell does; `undefined` where there is none.
 *
 * @param except folders whose programs do not count, nor do those of folders below them
 */
export function findProgram(
  name: string,
  except: string[] = [],
  searchPath = process.env.PATH ?? "",
): string | undefined {
  return searchPath
    .split(path.delimiter)
    .filter((folder) => folder !== "" && !except.some((excluded) => isInside(folder, excluded)))
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
}

/** Like `findProgram`, also where only root's PATH has it. */
export function findSystemProgram(name: string): string | undefined {
  return findProgram(name, [], [process.env.PATH, ...SYSTEM_FOLDERS].join(path.delimiter));
}

/** True for the folder itself and for everything in it. */
export function isInside(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || (!relative.startsWith("..") && !path.isAbsolute(relative));
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

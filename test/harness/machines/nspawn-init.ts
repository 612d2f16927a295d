import { readFile } from "node:fs/promises";

/**
 * Process id of a host's init, where the host runs in systemd-nspawn.
 *
 * @param host its name, for the error
 * @param file begins with the process id of systemd-nspawn
 */
export async function nspawnInit(host: string, file: string): Promise<number> {
  const [nspawn = ""] = (await readFile(file, "utf8")).split(" ");
  const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, "utf8");
  const init = Number(children.trim().split(" ")[0]);
  if (!init) throw new Error(`${host}: there is no init process under systemd-nspawn (${nspawn})`);
  return init;
}

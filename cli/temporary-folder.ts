import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { isRunning } from "../lab/build/cache";

const PREFIX = "homelab-run-";

/** Others may not see what is in it. They may pass: mmdebstrap's apt, which is another user, works in a folder inside. */
const MODE = 0o711;

/**
 * Gives this process, and the programs that it starts, a temporary folder of its own, which is deleted when the process ends: Pulumi's
 * plugin for Kubernetes leaves copies of the kubeconfig there. Those of processes that were killed are deleted first.
 *
 * @returns the folder
 */
export function useTemporaryFolder(environment: NodeJS.ProcessEnv = process.env, base = os.tmpdir()): string {
  deleteLeftovers(base);
  const folder = fs.mkdtempSync(path.join(base, `${PREFIX}${process.pid}-`));
  fs.chmodSync(folder, MODE);
  environment.TMPDIR = folder;
  process.once("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Only folders of this user, made by a process that is gone: in the workstation's temporary folder anyone may make one. */
function deleteLeftovers(base: string): void {
  for (const name of fs.readdirSync(base)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    const file = path.join(base, name);
    if (!pid || isRunning(Number(pid)) || !isOwnFolder(file)) continue;
    fs.rmSync(file, { recursive: true, force: true });
  }
}

function isOwnFolder(file: string): boolean {
  const found = fs.lstatSync(file, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.();
}

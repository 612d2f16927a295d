import execa from "execa";

/** How much of a failed script's standard error goes into the message: its end says why. */
const STDERR_IN_MESSAGE = 4_000;

/**
 * Runs a bash script as root on this workstation and answers its standard output: directly as root, else by `sudo -n`. The
 * script comes by standard input, so nothing of it, secrets included, is in a process list.
 *
 * @param doing what is done, for messages, as in "starting the machine cp1"
 * @throws Error with the end of the script's standard error, or with how to go on where sudo asks for a password
 */
export async function asRoot(doing: string, script: string, timeoutSeconds: number): Promise<string> {
  const root = process.getuid?.() === 0;
  // What the script runs must not read the rest of the script.
  const input = `set -euo pipefail\numask 022\nmain() {\n:\n${script}\n}\nmain </dev/null\n`;
  const [file, args] = root ? ["bash", ["-s"]] : ["sudo", ["-n", "bash", "-s"]];
  const result = await execa(file, args, { input, reject: false, timeout: timeoutSeconds * 1000 });
  if (!result.failed) return result.stdout;
  if (result.timedOut) throw new Error(`${doing}: not done after ${timeoutSeconds} s`);
  if (!root && /^sudo: /m.test(result.stderr)) throw new Error(needsSudo(doing, result.stderr));
  const said = result.stderr.trim().slice(-STDERR_IN_MESSAGE);
  throw new Error(`${doing}: ${said || `failed with exit code ${result.exitCode}`}`);
}

function needsSudo(doing: string, stderr: string): string {
  return (
    `${doing}: this needs root, and sudo does not give it without a password (${stderr.trim()}). ` +
    "Run 'sudo -v' in this terminal and then the same command again, or allow your user NOPASSWD in sudoers"
  );
}

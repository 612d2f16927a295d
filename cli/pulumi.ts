import * as fs from "node:fs";
import { follow } from "./command";
import { Failure, must, run } from "../lab/run-program";
import { knownAdvice } from "./known-failures";
import { outputReader } from "./output";
import { places } from "./places";
import { phase, say } from "./progress";

/** An operation on a stack. */
export interface Operation {
  command: "up" | "destroy" | "refresh";
  title: string;
  /** What to do when it fails. */
  advice: string;
  /** The same, where it failed before it changed anything on a machine or in the cluster. */
  untouched?: string;
}

/** Runs an operation on the stack. Its output is shown as it comes, in short. */
export async function operate({ command, title, advice, untouched }: Operation, stack: string): Promise<void> {
  await phase(title, async (running) => {
    const output = outputReader();
    const args = [command, "--yes", "--skip-preview", "--non-interactive", "--color=never", "--stack", stack];
    if (command === "up") args.push("--suppress-outputs");
    const known = new Set<string>();
    const exitCode = await follow("pulumi", args, (line) => {
      const toDo = knownAdvice(line);
      if (toDo) known.add(toDo);
      const shown = output.read(line);
      if (shown && "line" in shown) running.line(shown.line);
      else if (shown) running.note(shown.note);
    });
    if (exitCode !== 0) {
      const what = output.failed.length > 0 ? `: ${output.failed.join(", ")}` : " (see above)";
      const next = output.isUntouched ? (untouched ?? advice) : advice;
      throw new Failure(`pulumi ${command} of stack ${stack} failed${what}`, [...known, next].join("\n"));
    }
    running.title(`${title}: ${output.resources.join(", ") || "nothing to do"}`);
  });
}

export async function stackExists(stack: string): Promise<boolean> {
  const listed = await must("listing the stacks", "pulumi", ["stack", "ls", "--json"]);
  return (JSON.parse(listed) as { name: string }[]).some(({ name }) => name.split("/").pop() === stack);
}

/**
 * Makes the stack where it is missing. Pulumi writes the settings file anew when it does; of that only the salt of a new
 * passphrase is kept, as a last line, and the person is told.
 */
export async function ensureStack(stack: string): Promise<void> {
  if (await stackExists(stack)) return;
  const file = places.settings(stack);
  const before = fs.readFileSync(file, "utf8");
  await must(`making the stack ${stack}`, "pulumi", ["stack", "init", "--stack", stack]);
  const salt = /^encryptionsalt: .*$/m.exec(fs.readFileSync(file, "utf8"))?.[0];
  if (!salt || before.includes("encryptionsalt:")) return restore(file, before);
  restore(file, `${before.trimEnd()}\n${salt}\n`);
  say(
    `  Pulumi.${stack}.yaml got the salt of the passphrase, encryptionsalt: keep it with your settings, it is no secret`,
  );
}

/** Written only where it differs. */
function restore(file: string, text: string): void {
  if (fs.readFileSync(file, "utf8") !== text) fs.writeFileSync(file, text);
}

/** The names of the stack's resources that refuse to be destroyed. */
export async function protectedResources(stack: string): Promise<string[]> {
  const exported = await must("reading the state", "pulumi", ["stack", "export", "--stack", stack]);
  const { deployment } = JSON.parse(exported) as {
    deployment: { resources?: { urn: string; protect?: boolean }[] };
  };
  return (deployment.resources ?? []).filter(({ protect }) => protect).map(({ urn }) => urn.split("::").pop() ?? urn);
}

/** The stack's settings by key, without the project's name; secrets in clear. */
export async function settingsInClear(stack: string): Promise<Record<string, unknown>> {
  const args = ["config", "--json", "--show-secrets", "--stack", stack];
  const shown = JSON.parse(await must("reading the encrypted settings", "pulumi", args)) as Record<
    string,
    { value?: string; objectValue?: unknown }
  >;
  return Object.fromEntries(
    Object.entries(shown).map(([key, { value, objectValue }]) => [key.replace(/^homelab:/, ""), objectValue ?? value]),
  );
}

/** An output of the stack; secrets in clear. */
export async function stackOutput<T>(stack: string, name: string): Promise<T> {
  const args = ["stack", "output", name, "--json", "--show-secrets", "--stack", stack];
  const ended = await run("pulumi", args);
  if (ended.exitCode === 0) return JSON.parse(ended.stdout) as T;
  throw new Failure(`stack ${stack} has no output ${name}: ${ended.stderr.trim()}`, "Run `make up` first.");
}

import * as fs from "node:fs";
import type { EngineEvent } from "@pulumi/pulumi/automation/events";
import { resourceName, type StackState } from "../checks/stack-state";
import { Failure, must, run } from "../lab/run-program";
import { settingsOf } from "../settings/stack-file";
import { knownAction } from "./advice";
import { hasLocalState } from "./backend";
import { type EventReader, eventReader, type Shown } from "./events";
import { places } from "./places";
import { follow } from "./programs";
import { phase, say } from "./progress";

/** An operation on a stack. */
export interface Operation {
  command: "up" | "destroy" | "refresh";
  title: string;
  /** What to do when it fails. */
  action: string;
  /** The same, where it failed before it changed anything on a host or in the cluster. */
  untouched?: string;
}

/**
 * Runs an operation on the stack and shows its progress. The CLI's own `--json` gives the engine's events, one a line. Pulumi's
 * Automation API gives the same events by a file that it polls; to load it takes as long as an empty program's preview (0.8 s on
 * an idle core, `execa` takes 0.03 s), and an interrupt by Ctrl-C would reach the CLI twice.
 */
export async function operate({ command, title, action, untouched }: Operation, stack: string): Promise<void> {
  await phase(title, async (running) => {
    const reader = eventReader();
    const args = [command, "--yes", "--skip-preview", "--non-interactive", "--color=never", "--json", "--stack", stack];
    if (command === "up") args.push("--suppress-outputs");
    const exitCode = await follow("pulumi", args, (line) => {
      const { lines = [], note } = shown(line, reader);
      for (const each of lines) running.line(each);
      if (note !== undefined) running.note(note);
    });
    for (const diagnostic of reader.diagnostics) running.line(diagnostic);
    if (exitCode !== 0) {
      const what = reader.failed.length > 0 ? `: ${reader.failed.join(", ")}` : " (see above)";
      const known = new Set(reader.diagnostics.map(knownAction).filter((text) => text !== undefined));
      const next = reader.isUntouched ? (untouched ?? action) : action;
      throw new Failure(`pulumi ${command} of stack ${stack} failed${what}`, [...known, next].join("\n"));
    }
    running.title(`${title}: ${reader.counts.join(", ") || "nothing to do"}`);
  });
}

/** A line that is no event is from the CLI itself, as where the stack is locked: it is shown as it is. */
function shown(line: string, reader: EventReader): Shown {
  if (line.startsWith('{"sequence":')) return reader.read(JSON.parse(line) as EngineEvent);
  return line.trim() === "" ? {} : { lines: [line] };
}

/** The stack's state; secrets are encrypted in it unless `secrets` says "clear". */
export async function exportState(stack: string, { secrets }: { secrets?: "clear" } = {}): Promise<StackState> {
  const args = ["stack", "export", ...(secrets === "clear" ? ["--show-secrets"] : []), "--stack", stack];
  return JSON.parse(await must("reading the state", "pulumi", args)) as StackState;
}

/** Replaces the stack's state. `doing` says in a failure what it was for. */
export async function importState(stack: string, state: StackState, doing: string): Promise<void> {
  await must(doing, "pulumi", ["stack", "import", "--stack", stack], { input: JSON.stringify(state) });
}

export async function stackExists(stack: string): Promise<boolean> {
  // The CLI needs most of a second to say the same.
  if (hasLocalState(stack)) return true;
  return listsStack(await must("listing the stacks", "pulumi", LIST_STACKS), stack);
}

/** The arguments of the CLI that print what `listsStack` reads. */
export const LIST_STACKS = ["stack", "ls", "--json"];

/** Whether a list of stacks has this one, whoever owns it. */
export function listsStack(listed: string, stack: string): boolean {
  return (JSON.parse(listed) as { name: string }[]).some(({ name }) => name.split("/").pop() === stack);
}

/**
 * Makes the stack where it is missing. Pulumi rewrites the settings file when it does; of that only the salt of a new
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
  const { deployment } = await exportState(stack);
  return (deployment.resources ?? []).filter(({ protect }) => protect).map(resourceName);
}

/** The stack's settings by key, without the project's name; secrets in clear. */
export async function settingsInClear(stack: string): Promise<Record<string, unknown>> {
  const args = ["config", "--json", "--show-secrets", "--stack", stack];
  const shown = JSON.parse(await must("reading the encrypted settings", "pulumi", args)) as Record<
    string,
    { value?: string; objectValue?: unknown }
  >;
  const values = Object.entries(shown).map(([key, { value, objectValue }]) => [key, objectValue ?? value] as const);
  return settingsOf(Object.fromEntries(values));
}

/** An output of the stack; secrets in clear. */
export async function stackOutput<T>(stack: string, name: string): Promise<T> {
  const args = ["stack", "output", name, "--json", "--show-secrets", "--stack", stack];
  const ended = await run("pulumi", args);
  if (ended.exitCode === 0) return JSON.parse(ended.stdout) as T;
  throw new Failure(`stack ${stack} has no output ${name}: ${ended.stderr.trim()}`, "Run `make up` first.");
}

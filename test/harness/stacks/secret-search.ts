import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { repeat } from "../eventually";
import { processes } from "../machines/processes";

/** A secret as it would show in a text: for a key one whole line from its middle, which no escaping changes. */
export interface Secret {
  name: string;
  value: string;
}

/** Where a secret was found, as `secret in place`. */
export type Leak = string;

/** The line of a PEM file by which it can be recognised anywhere. */
export function lineOfKey(pem: string): string {
  const line = pem.split("\n")[2];
  if (!line || line.length < 40) throw new Error("that is no key");
  return line;
}

export function leaksInText(place: string, text: string, secrets: readonly Secret[]): Leak[] {
  return secrets.filter(({ value }) => text.includes(value)).map(({ name }) => `${name} in ${place}`);
}

/** Reads every file below a folder. */
export async function leaksInFolder(folder: string, secrets: readonly Secret[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  for (const entry of await readdir(folder, { recursive: true })) {
    const file = path.join(folder, entry);
    if (!(await stat(file)).isFile()) continue;
    leaks.push(...leaksInText(entry, await readFile(file, "utf8"), secrets));
  }
  return leaks;
}

/** Collects the command lines of all processes on this workstation, the lab machines' among them, until it is stopped. */
export class ProcessWatch {
  private readonly seen = new Set<string>();
  private readonly watching = repeat(() => this.look(), 200);

  async stop(): Promise<string> {
    await this.watching.stop();
    return [...this.seen].join("\n");
  }

  private async look(): Promise<void> {
    for (const { commandLine } of await processes()) this.seen.add(commandLine);
  }
}

import * as fs from "node:fs";
import * as path from "node:path";
import { cacheRoot } from "../build/cache";
import { stopMirror } from "../mirror-service";
import { must } from "./command";
import { main } from "./failure";
import { places } from "./places";
import { operate, stackExists } from "./pulumi";
import { phase, say } from "./progress";
import { setUp } from "./setup";
import type { Stack } from "./stack";
import { recoverFromKilledRun } from "./killed-run";

/** `make down`: removes the cluster and what `make up` made for it; caches stay, and it says which. */
async function down(): Promise<void> {
  if (!fs.existsSync(places.env)) {
    await stopMirror(places.run);
    say("Nothing to remove: this checkout has set nothing up.");
    return;
  }
  const { stack } = await setUp();
  await recoverFromKilledRun(stack.name);
  if (await stackExists(stack.name)) await destroy(stack.name);
  await phase("mirror stopped", () => stopMirror(places.run));
  removeOwnFiles();
  const kept = keptCaches(stack).map((folder) => `\n  ${folder}`);
  if (kept.length > 0) say(`\nKept for the next \`make up\` (\`make clean-cache\` removes it):${kept.join("")}`);
}

async function destroy(stack: string): Promise<void> {
  await operate(
    {
      command: "destroy",
      title: "machines and cluster removed",
      advice: "What is gone is gone. Put right what is said above, then run `make down` again.",
    },
    stack,
  );
  await must(`removing the empty stack ${stack}`, "pulumi", [
    "stack",
    "rm",
    "--yes",
    "--preserve-config",
    "--stack",
    stack,
  ]);
}

/** Of `.homelab` only the charts stay, unless another stack still has its state or its passphrase there. */
function removeOwnFiles(): void {
  fs.rmSync(places.run, { recursive: true, force: true });
  if (otherStacks().length > 0) return;
  for (const name of fs.readdirSync(places.homelab)) {
    if (path.join(places.homelab, name) === places.charts) continue;
    fs.rmSync(path.join(places.homelab, name), { recursive: true, force: true });
  }
}

function otherStacks(): string[] {
  const folder = path.join(places.state, ".pulumi", "stacks", "homelab");
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
}

function keptCaches(stack: Stack): string[] {
  return [cacheRoot(), places.charts, stack.imagesFolder].filter((folder) => fs.existsSync(folder));
}

void main(down);

import * as fs from "node:fs";
import { cacheRoot } from "../lab/build/cache-folder";
import { stopMirror } from "../lab/mirror-service";
import { Failure, must } from "../lab/run-program";
import { protectingSettings } from "./advice";
import { stateFiles } from "./backend";
import { type Called, runCommand } from "./command-line";
import { forgetLostCluster } from "./lost-cluster";
import { clearHomelab, ownPassphrases } from "./passphrase";
import { places } from "./places";
import { operate, protectedResources, stackExists } from "./pulumi";
import { phase, say } from "./progress";
import { setUp } from "./setup";
import type { Stack } from "./stack";
import { recoverFromKilledRun } from "./killed-run";

/** `make down`: removes the cluster and what `make up` made for it; caches stay, and it says which. */
async function down({ stack: wanted, gone = false }: Called): Promise<void> {
  if (!fs.existsSync(places.env)) {
    await stopMirror(places.run);
    say("Nothing to remove: this checkout has set nothing up.");
    return;
  }
  const { stack } = await setUp({ wanted });
  await recoverFromKilledRun(stack.name);
  if (await stackExists(stack.name)) {
    refuseProtected(stack.name, await protectedResources(stack.name));
    await forgetLostCluster(stack.name, { consented: gone });
    await destroy(stack.name);
    fs.rmSync(places.lastBackend(stack.name), { force: true });
  }
  await phase("mirror stopped", () => stopMirror(places.run));
  removeOwnFiles();
  const kept = keptCaches(stack).map((folder) => `\n  ${folder}`);
  if (kept.length > 0) say(`\nKept for the next \`make up\` (\`make clean-cache\` removes it):${kept.join("")}`);
  const passphrases = ownPassphrases().map((file) => `\n  ${file}`);
  if (passphrases.length > 0)
    say(`\nKept, because nothing else can read the secrets in the settings:${passphrases.join("")}`);
}

/** Before anything is removed: Pulumi itself notices a protected resource when others are gone already. */
function refuseProtected(stack: string, names: string[]): void {
  if (names.length === 0) return;
  throw new Failure(
    `stack ${stack} is protected (${names.join(", ")}); nothing was removed`,
    `To remove it all the same: set ${protectingSettings(names)} in Pulumi.${stack}.yaml, run \`make up STACK=${stack}\`, which changes
that alone, and then \`make down STACK=${stack}\`. Where a host is gone: . .homelab/env && pulumi state unprotect --all -s ${stack}`,
  );
}

async function destroy(stack: string): Promise<void> {
  await operate(
    {
      command: "destroy",
      title: "machines and cluster removed",
      action: "What is removed stays removed. Fix what is said above, then run `make down` again.",
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

/** Of `.homelab` only the charts and passphrases stay, unless another stack still has its state there. */
function removeOwnFiles(): void {
  fs.rmSync(places.run, { recursive: true, force: true });
  if (otherStacks().length > 0) return;
  clearHomelab([places.charts]);
}

function otherStacks(): string[] {
  const folder = stateFiles();
  return fs.existsSync(folder) ? fs.readdirSync(folder).filter((file) => file.endsWith(".json")) : [];
}

function keptCaches(stack: Stack): string[] {
  const images = stack.machineKind === "nspawn" ? [stack.imagesFolder] : [];
  return [cacheRoot(), places.charts, ...images].filter((folder) => fs.existsSync(folder));
}

void runCommand("down", down);

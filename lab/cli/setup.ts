import { chooseBackend, choosePassphrase, writePrivate, type Backend } from "./backend";
import { findEngine, userCredentials, type Engine } from "./engine";
import { applyEnvironment, environmentFile, environmentFor } from "./environment";
import { installMissing, LAB_NEEDS } from "./packages";
import { places } from "./places";
import { phase, say } from "./progress";
import { requireRoot } from "./root";
import { chooseStack, type Stack } from "./stack";

/** What every command stands on: a stack, an engine on PATH, a backend, and the rights that the machines need. */
export interface Setup {
  stack: Stack;
  engine: Engine;
  backend: Backend;
}

/** Sets all of it up, says what was chosen, and writes `.homelab/env`. */
export async function setUp(): Promise<Setup> {
  const stack = chooseStack();
  say(`stack ${stack.name} (${stack.because})`);
  if (stack.machineKind === "nspawn") {
    await installMissing(LAB_NEEDS);
    await requireRoot("machines on this computer");
  }
  const setup = await phase("engine", async (running) => {
    const made = await chooseAll(stack, await findEngine(running));
    running.title(`engine: ${made.engine.description}`);
    return made;
  });
  const standIns = setup.engine.standIns;
  if (standIns.length > 0) {
    say(
      `  the released plugins ${standIns.join(" and ")} can't be downloaded here: the lab's stand-ins are used instead`,
    );
  }
  say(`  state: ${setup.backend.description}`);
  if (setup.notice) say(`  ${setup.notice}`);
  return setup;
}

async function chooseAll(stack: Stack, engine: Engine): Promise<Setup & { notice?: string }> {
  // Before anything is changed: this process's own variables decide which login is the user's.
  const credentials = userCredentials();
  const backend = chooseBackend(stack);
  const passphrase = choosePassphrase(stack);
  const environment = environmentFor(stack, engine, backend, passphrase, credentials);
  applyEnvironment(environment);
  writePrivate(places.env, environmentFile(environment, stack.name));
  return { stack, engine, backend, notice: passphrase.notice };
}

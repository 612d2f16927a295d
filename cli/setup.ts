import * as fs from "node:fs";
import { chooseBackend, type Backend } from "./backend";
import { findEngine, userCredentials, type Engine } from "./engine";
import { applyEnvironment, environmentFile, environmentFor } from "./environment";
import { Failure } from "../lab/run-program";
import { readStackFile } from "../settings/stack-file";
import { requireHostKeys } from "./inventory";
import { installMissing, LAB_NEEDS } from "./packages";
import { choosePassphrase } from "./passphrase";
import { places, writePrivate } from "./places";
import { type Phase, phase, say, type Screen } from "./progress";
import { requireRoot } from "./root";
import { chooseStack, type Stack } from "./stack";

/** What every command stands on: a stack, an engine on PATH, a backend, and the rights that the machines need. */
export interface Setup {
  stack: Stack;
  engine: Engine;
  backend: Backend;
}

/** A screen for commands that only read: what they print is their answer. */
const NOWHERE: Screen = { write: () => undefined };

/**
 * Sets all of it up, says what was chosen, and writes `.homelab/env`. With `quiet` it only finds again what an earlier run has
 * set up. With `hostKeys` it refuses an inventory without them, before anything is made for it.
 */
export async function setUp({ quiet = false, hostKeys = false } = {}): Promise<Setup> {
  const screen = quiet ? NOWHERE : process.stderr;
  const tell = (text: string): void => say(text, screen);
  if (quiet && !fs.existsSync(places.env))
    throw new Failure("nothing is set up in this checkout", "Run `make up` first.");
  const stack = await chooseStack();
  tell(`stack ${stack.name} (${stack.because})`);
  if (hostKeys) requireHostKeys(stack.name, readStackFile(places.settings(stack.name)).settings);
  if (!quiet && stack.machineKind === "nspawn") {
    await installMissing(LAB_NEEDS);
    await requireRoot("machines on this computer");
  }
  const work = async (running: Phase): Promise<Setup & { notice?: string }> => {
    const made = await chooseAll(stack, await findEngine(running));
    running.title(`engine: ${made.engine.description}`);
    return made;
  };
  const setup = await phase("engine", work, screen);
  const standIns = setup.engine.standIns;
  if (standIns.length > 0) {
    tell(
      `  the released plugins ${standIns.join(" and ")} can't be downloaded here: the lab's stand-ins are used instead`,
    );
  }
  tell(`  state: ${setup.backend.description}`);
  if (setup.notice) say(`  ${setup.notice}`);
  return setup;
}

async function chooseAll(stack: Stack, engine: Engine): Promise<Setup & { notice?: string }> {
  // Before anything is changed: this process's own variables decide which login is the user's.
  const credentials = userCredentials();
  const backend = chooseBackend(stack);
  const passphrase = choosePassphrase(stack, backend);
  const environment = environmentFor(engine, backend, passphrase, credentials);
  applyEnvironment(environment);
  writePrivate(places.env, environmentFile(environment, stack.name));
  return { stack, engine, backend, notice: passphrase.notice };
}

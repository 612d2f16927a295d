import * as fs from "node:fs";
import { chooseBackend, type Backend } from "./backend";
import { findEngine, userCredentials, type Engine } from "./engine";
import { applyEnvironment, environmentFile, environmentFor } from "./environment";
import { Failure } from "../lab/run-program";
import { readStackFile } from "../settings/stack-file";
import { requireHostKeys } from "./inventory";
import { installMissing, LAB_NEEDS, requireRoot } from "./workstation";
import { choosePassphrase } from "./passphrase";
import { places, writePrivate } from "./places";
import { type Phase, phase, say, sayIn, type Screen } from "./progress";
import { chooseStack, type Stack } from "./stack";
import { useTemporaryFolder } from "./temporary-folder";
import { refuseTwoStates, rememberBackend } from "./two-states";

/** What every command needs: a stack, an engine on PATH, a backend, and the rights that the machines need. */
export interface Setup {
  stack: Stack;
  engine: Engine;
  backend: Backend;
}

/** A screen for commands that only read: what they print is their answer. */
const NOWHERE: Screen = { write: () => undefined };

interface SetupOptions {
  /** The stack, where the person named one. */
  wanted?: string;
  /** Say nothing, and only find again what an earlier run has set up. */
  quiet?: boolean;
  /**
   * For a run of the program: an inventory without host keys is refused before anything is made for it, and the lab's mirror is
   * started where the settings expect it.
   */
  forPlan?: boolean;
}

/** Sets all of it up, says what was chosen, and writes `.homelab/env`. */
export async function setUp({ wanted, quiet = false, forPlan = false }: SetupOptions = {}): Promise<Setup> {
  const screen = quiet ? NOWHERE : process.stderr;
  const tell = (text: string): void => say(text, screen);
  if (quiet && !fs.existsSync(places.env))
    throw new Failure("nothing is set up in this checkout", "Run `make up` first.");
  const stack = await chooseStack(wanted);
  tell(`stack ${stack.name} (${stack.because})`);
  if (stack.machineKind === "nspawn") tell(`  machines: ${stack.machineSystem}`);
  if (forPlan) requireHostKeys(stack.name, readStackFile(places.settings(stack.name)).settings);
  if (!quiet && stack.machineKind === "nspawn") {
    await installMissing(LAB_NEEDS);
    await requireRoot("machines on this workstation");
  }
  const work = async (running: Phase): Promise<Setup & { notice?: string }> => {
    const made = await chooseAll(stack, await findEngine(running));
    running.title(`engine: ${made.engine.description}`);
    return made;
  };
  const setup = await phase("engine", work, screen);
  const { builtPlugins } = setup.engine;
  if (builtPlugins.length > 0) {
    tell(
      `  the released plugins ${builtPlugins.join(" and ")} can't be downloaded here: the lab's own builds are used instead`,
    );
  }
  tell(`  state: ${setup.backend.description}`);
  if (!quiet) await refuseTwoStates(stack.name, setup.backend);
  if (forPlan) rememberBackend(stack.name, setup.backend);
  if (setup.notice) say(`  ${setup.notice}`);
  if (forPlan) await startMirror(stack);
  return setup;
}

async function chooseAll(stack: Stack, engine: Engine): Promise<Setup & { notice?: string }> {
  // Before anything is changed: this process's own variables decide which login is the user's.
  const credentials = userCredentials();
  const backend = chooseBackend(stack);
  const passphrase = choosePassphrase(stack, backend);
  const environment = environmentFor(engine, backend, passphrase, credentials);
  applyEnvironment(environment);
  // Not in the file for typing by hand: what others of the user's programs leave there would be deleted.
  useTemporaryFolder();
  writePrivate(places.env, environmentFile(environment, stack.name));
  return { stack, engine, backend, notice: passphrase.notice };
}

/** Builds and starts the mirror where the stack's settings expect it on this workstation. */
async function startMirror(stack: Stack): Promise<void> {
  if (stack.mirrorAddresses.length === 0) return;
  // Loaded here, because other stacks and commands need nothing of the lab.
  const [{ ensureMirrorWith }, { ensureMirrorRunning }, { signingFingerprint }] = await Promise.all([
    import("../lab/addons/mirror"),
    import("../lab/mirror-service"),
    import("../lab/packages/signing"),
  ]);
  const root = await phase("mirror of packages, images and charts", async (running) => {
    const lines: string[] = [];
    const show = sayIn(running);
    const built = await ensureMirrorWith(stack.addons, (line) => {
      lines.push(line);
      show(line);
    });
    running.title(`mirror of packages, images and charts (${lines.length > 0 ? "built" : "cached"})`);
    return built;
  });
  writePrivate(places.mirrorFingerprint, `${signingFingerprint()}\n`);
  await phase(`mirror at ${stack.mirrorAddresses.join(" and ")}`, () =>
    ensureMirrorRunning({ root, listen: stack.mirrorAddresses, runDir: places.run }),
  );
}

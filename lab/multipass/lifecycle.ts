import { type OptionSpec, type Parsed, timeoutOf, valueOf } from "./arguments";
import { CommandFailure, commandLineError, daemonError, errorsOccurred, exitCodes } from "./failure";
import { knobSeconds } from "./home";
import { allInstances, checkNamesOrAll, type Instance, named, saveInstance } from "./instance";
import { isOn, purgeMachine, rebootMachine, startMachine, stateOf, stopMachine, waitUntilRunning } from "./machine";

const all: OptionSpec = { names: ["all"] };
const timeout: OptionSpec = { names: ["timeout"], value: true };

export const startOptions = [all, timeout];
export const stopOptions = [
  all,
  { names: ["time", "t"], value: true },
  { names: ["cancel", "c"] },
  { names: ["force"] },
] as const;
export const deleteOptions = [all, { names: ["purge", "p"] }] as const;
export const recoverOptions = [all];

/** The daemon's own. In seconds. */
const DEFAULT_TIMEOUT = 300;

/** The instance that is meant where none is named (the setting client.primary-name). */
const PRIMARY = "primary";

export async function start(parsed: Parsed): Promise<string> {
  const seconds = timeoutOf(parsed);
  const known = allInstances();
  const names = namesOrPrimary(parsed);
  const errors = names.flatMap((name) => {
    const instance = known.find((one) => one.name === name);
    if (!instance) return [`Instance '${name}' does not exist.`];
    if (!instance.deleted) return [];
    return [`Instance '${name}' is deleted. Use 'recover' to recover it or 'purge' to permanently delete it.`];
  });
  if (errors.length > 0) throw daemonError("start", "instance(s) missing", errors.join("\n"));
  const instances = named("start", names, { deletedToo: false }, known);
  for (const instance of instances) await startMachine(instance);
  await awaitAll("start", instances, seconds);
  return "";
}

export async function stop(parsed: Parsed): Promise<string> {
  const force = parsed.options.has("force");
  const time = valueOf(parsed, "time");
  if (time !== undefined && parsed.options.has("cancel")) {
    throw commandLineError("Cannot set 'time' and 'cancel' options at the same time");
  }
  if (force && (time !== undefined || parsed.options.has("cancel"))) {
    throw commandLineError("Cannot set 'force' along with 'time' or 'cancel' options at the same time");
  }
  if (!/^\+?\d+$/.test(time ?? "0")) throw commandLineError("Time must be in digit form");
  if (Number(time ?? "0") > 0) throw new Error("fake multipass: a delayed shutdown is not built");
  const instances = named("stop", namesOrPrimary(parsed), { deletedToo: false }, allInstances());
  // There is never a delayed shutdown to cancel.
  if (parsed.options.has("cancel")) return "";
  await Promise.all(instances.map((instance) => stopMachine(instance, force ? "poweroff" : "shutdown")));
  return "";
}

export async function restart(parsed: Parsed): Promise<string> {
  const seconds = timeoutOf(parsed);
  const instances = named("restart", namesOrPrimary(parsed), { deletedToo: false }, allInstances());
  for (const instance of instances) {
    if ((await stateOf(instance)) !== "Running") {
      throw daemonError("restart", errorsOccurred([`Instance '${instance.name}' is not running`]));
    }
  }
  await Promise.all(instances.map(rebootMachine));
  await awaitAll("restart", instances, seconds);
  return "";
}

/** Without `--purge` an instance stays, switched off, as Deleted. */
export async function remove(parsed: Parsed): Promise<string> {
  checkNamesOrAll(parsed.positionals, parsed.options.has("all"));
  const purge = parsed.options.has("purge");
  for (const instance of named("delete", parsed.positionals, { deletedToo: true }, allInstances())) {
    if (purge) await purgeMachine(instance);
    else if (!instance.deleted) {
      await stopMachine(instance, "shutdown");
      saveInstance({ ...instance, deleted: true });
    }
  }
  return "";
}

export function recover(parsed: Parsed): string {
  checkNamesOrAll(parsed.positionals, parsed.options.has("all"));
  for (const instance of named("recover", parsed.positionals, { deletedToo: true }, allInstances())) {
    saveInstance({ ...instance, deleted: false });
  }
  return "";
}

/** Removes every deleted instance of the home. */
export async function purge(parsed: Parsed): Promise<string> {
  if (parsed.positionals.length > 0) throw commandLineError("This command takes no arguments");
  for (const instance of allInstances().filter(({ deleted }) => deleted)) await purgeMachine(instance);
  return "";
}

function namesOrPrimary(parsed: Parsed): readonly string[] {
  const every = parsed.options.has("all");
  checkNamesOrAll(parsed.positionals.length > 0 || every ? parsed.positionals : [PRIMARY], every);
  return every || parsed.positionals.length > 0 ? parsed.positionals : [PRIMARY];
}

/** Waits until the daemon can log in to all of them; the client's own time limit has another exit code. */
async function awaitAll(command: string, instances: readonly Instance[], seconds: number | undefined): Promise<void> {
  const limit = seconds ?? knobSeconds("default-timeout") ?? DEFAULT_TIMEOUT;
  const waited = await Promise.all(
    instances.map(async (instance) => {
      return (await waitUntilRunning(instance, limit)) ? [] : [`${instance.name}: timed out waiting for response`];
    }),
  );
  const errors = waited.flat();
  if (errors.length === 0) return;
  if (seconds !== undefined && instances.some(isOn)) {
    throw new CommandFailure(`Timed out waiting for instance to ${command}.`, exitCodes.timeout);
  }
  throw daemonError(command, errorsOccurred(errors));
}

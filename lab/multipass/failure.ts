/** Exit codes of the released client (include/multipass/cli/return_codes.h, constants.h). */
export const exitCodes = {
  ok: 0,
  commandLine: 1,
  commandFail: 2,
  daemonFail: 3,
  timeout: 5,
  shellExecFail: 255,
} as const;

/** A command that ends with a message on standard error, as it stands, and an exit code. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** The command line can't be understood: exit code 1, and nothing was done. */
export function commandLineError(message: string): CommandFailure {
  return new CommandFailure(message, exitCodes.commandLine);
}

/** The daemon answered with an error: `COMMAND failed: WHY`, details on lines of their own. */
export function daemonError(command: string, why: string, details = ""): CommandFailure {
  return new CommandFailure(`${command} failed: ${why}${details ? `\n${details}` : ""}`, exitCodes.commandFail);
}

/** How the daemon words errors about the instances that a command names. */
export function errorsOccurred(errors: readonly string[]): string {
  return `The following errors occurred:\n${errors.join("\n")}`;
}

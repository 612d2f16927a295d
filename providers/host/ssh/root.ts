import { answerOf, asRoot, marked, newMarker, SCRIPT_COMMAND } from "../shell/as-root";
import { HostError } from "./errors";
import { succeeded } from "./run";
import type { RunOptions, RunResult, SshSession, SshTarget } from "./target";

interface RootOptions extends Omit<RunOptions, "stdin"> {
  /** What is being done, for messages. Left out: what the session is for. */
  doing?: string;
}

/** A password that sudo refused is not tried again over the same connection: hosts count wrong ones. */
const refused = new WeakMap<SshSession, HostError>();

/**
 * Runs a script as root, whether or not sudo asks for a password. A script that fails is an answer, not an error. The answer
 * is the script's own: what login shells and profiles print is not in it. Script and password go by standard input: neither
 * is in the host's list of processes.
 *
 * @throws HostError as `session.run`, and where the script was not run: `authentication` for a password that sudo refused, which
 * is tried once, else `command`.
 */
export async function runAsRoot(session: SshSession, script: string, options: RootOptions): Promise<RunResult> {
  const before = refused.get(session);
  if (before) throw before;
  const { target } = session;
  const { doing = session.doing, ...limits } = options;
  if (target.user !== "root" && /[\n\r\0]/.test(target.sudoPassword ?? "")) throw unusablePassword(target, doing);
  const marker = newMarker();
  const result = await session.run(SCRIPT_COMMAND, { ...limits, stdin: asRoot(marked(script, marker), target) });
  const answer = answerOf(result, marker);
  if (answer === "cut") throw cutShort(target, doing, result);
  if (answer) return answer;
  const error = target.user === "root" ? notRun(target, doing, result) : sudoError(target, doing, result);
  refused.set(session, error);
  throw error;
}

/** Like `runAsRoot`, but a script that fails is an error of kind `command` with the end of its standard error. */
export async function runAsRootOrFail(session: SshSession, script: string, options: RootOptions): Promise<RunResult> {
  const result = await runAsRoot(session, script, options);
  return succeeded(session.target.name, options.doing ?? session.doing, result);
}

// The words of sudo, in the language that the command sets, and of sudo-rs.
/** The shell says it. */
const NO_SUDO = /\bsudo: (command )?not found/m;
const WRONG_PASSWORD = /incorrect (password|authentication) attempt|, try again/i;
const NOT_ALLOWED = /not in the sudoers|^Sorry, user .* not allowed to |may not run sudo|I'm afraid I can't do that/im;
const PASSWORD_NEEDED = /(password|authentication|terminal) is required|no password was provided|askpass/i;

function sudoError(target: SshTarget, doing: string, result: RunResult): HostError {
  const { stderr } = result;
  const about = { kind: "command" as const, host: target.name, doing };
  const said = lastLine(stderr);
  const allow = allowing(target.user);
  const next = (what: string): string => `${what}; nothing was changed there`;
  if (NO_SUDO.test(stderr)) {
    return new HostError({
      ...about,
      problem: "the host has no sudo",
      action: next(`Install sudo there and ${allow}`),
    });
  }
  if (NOT_ALLOWED.test(stderr)) {
    return new HostError({
      ...about,
      problem: `the user '${target.user}' may not use sudo (${said})`,
      action: next(capitalised(allow)),
    });
  }
  if (target.sudoPassword !== undefined && WRONG_PASSWORD.test(stderr)) {
    return new HostError({
      ...about,
      kind: "authentication",
      problem: `sudo refused the password of user '${target.user}'`,
      action: next("Correct ssh.sudoPassword in the settings. It was tried once, and is not tried again"),
    });
  }
  if (target.sudoPassword === undefined && PASSWORD_NEEDED.test(stderr)) {
    return new HostError({
      ...about,
      problem: `the user '${target.user}' may not use sudo without a password, and ssh.sudoPassword is not set (${said})`,
      action: next(`Set ssh.sudoPassword as a secret, or ${allow}`),
    });
  }
  return notRun(target, doing, result);
}

/**
 * What gives a user sudo without a password. sudo passes over files there that have a dot in their name, as a user's name may
 * have. A name with other characters, as those of a domain, is not one that both sudo and sudo-rs read: its number is.
 */
function allowing(user: string): string {
  const plain = /^[A-Za-z0-9_.-]+$/.test(user);
  const line = `put '${plain ? user : "#UID"} ALL=(ALL) NOPASSWD:ALL' into /etc/sudoers.d/homelab on the host`;
  return plain ? line : `${line}, with the number that 'id -u' prints for ${user} in the place of UID`;
}

function notRun(target: SshTarget, doing: string, { stdout, stderr }: RunResult): HostError {
  return new HostError({
    kind: "command",
    host: target.name,
    doing,
    problem: `the user '${target.user}' could not run a script as root: ${lastLine(stderr) || lastLine(stdout) || "nothing was said"}`,
    action: `Fix that on the host (its sudo, or the user's login shell and profile) and run the same command again; nothing was changed there`,
  });
}

function cutShort(target: SshTarget, doing: string, { exitCode, signal }: RunResult): HostError {
  return new HostError({
    kind: "command",
    host: target.name,
    doing,
    problem: `the script was ended before it came to its end (${signal ?? `exit code ${exitCode}`})`,
    action: `Did something end it on the host, as the kernel does when memory is short ('journalctl -k')? Run the same command again`,
  });
}

function unusablePassword(target: SshTarget, doing: string): HostError {
  return new HostError({
    kind: "authentication",
    host: target.name,
    doing,
    problem: "ssh.sudoPassword has a line break or a NUL character in it, which sudo can't read",
    action: "Set it again as one line, for example with 'printf %s'; it was not sent to the host",
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

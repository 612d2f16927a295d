import { randomBytes } from "node:crypto";
import { quote } from "../shell/quote";
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
 * Runs a script as root, whether or not sudo asks for a password. A script that fails is an answer, not an error. Script and
 * password go by standard input: neither is in the host's list of processes.
 *
 * @throws HostError as `session.run`, and where sudo doesn't make the user root: `authentication` for a wrong password, which
 * is tried once, else `command`.
 */
export async function runAsRoot(session: SshSession, script: string, options: RootOptions): Promise<RunResult> {
  const before = refused.get(session);
  if (before) throw before;
  const { target } = session;
  const { doing = session.doing, ...limits } = options;
  if (target.user === "root") return session.run("bash -s", { ...limits, stdin: script });
  const password = target.sudoPassword;
  if (password === undefined) {
    // In the host's own language sudo's refusal would not be known as one.
    const result = await session.run("env LC_ALL=C sudo -n bash -s", { ...limits, stdin: script });
    if (result.exitCode !== 0 && SUDO_REFUSED.test(lastLine(result.stderr)))
      throw sudoError(target, doing, result.stderr);
    return result;
  }
  if (/[\n\r\0]/.test(password)) throw unusablePassword(target, doing);
  const marker = randomBytes(16).toString("hex");
  const result = await session.run(sudoWithPassword(marker), { ...limits, stdin: `${password}\n${script}` });
  if (!result.stderr.endsWith(`${marker}\n`)) return result;
  const error = sudoError(target, doing, result.stderr.slice(0, -marker.length - 1));
  refused.set(session, error);
  throw error;
}

/** Like `runAsRoot`, but a script that fails is an error of kind `command` with the end of its standard error. */
export async function runAsRootOrFail(session: SshSession, script: string, options: RootOptions): Promise<RunResult> {
  const result = await runAsRoot(session, script, options);
  return succeeded(session.target.name, options.doing ?? session.doing, result);
}

/**
 * A command that takes the password in the first line of its standard input, and a script for root after it.
 *
 * sudo asks for a wrong password again and would take the script's first lines for it. So it is tried alone first, with
 * nothing behind it; where sudo refuses, the last line of standard error is `marker`. Where sudo doesn't ask, because of
 * NOPASSWD or because it asked just now, the password is still in the stream: root's shell passes over all lines up to `marker`.
 */
function sudoWithPassword(marker: string): string {
  const root = `while IFS= read -r line; do [ "$line" = ${marker} ] && exec bash -s; done; exit 1`;
  const user = [
    "export LC_ALL=C",
    "IFS= read -r password",
    `said=$(printf "%s\\n" "$password" 2>/dev/null | sudo -S -p "" true 2>&1) || { printf "%s\\n" "$said" ${marker} >&2; exit 1; }`,
    `{ printf "%s\\n" "$password" ${marker}; cat; } 2>/dev/null | sudo -S -p "" bash -c ${quote(root)}`,
  ];
  return `sh -c ${quote(user.join("; "))}`;
}

/** How the last line of standard error looks where sudo, or the shell that did not find it, ended the command. */
const SUDO_REFUSED =
  /^sudo: |^env: .*sudo|\bsudo: (command )?not found|not in the sudoers|^Sorry, user .* not allowed to /;
/** The shell says it, or env, which does so in the host's language. */
const NO_SUDO = /\bsudo: (command )?not found|^env: .*sudo/m;
const WRONG_PASSWORD = /incorrect password attempt|Sorry, try again/i;
const NOT_ALLOWED = /not in the sudoers|^Sorry, user .* not allowed to |may not run sudo/im;
const PASSWORD_NEEDED = /password is required|terminal is required|no password was provided|askpass/i;

function sudoError(target: SshTarget, doing: string, stderr: string): HostError {
  const about = { kind: "command" as const, host: target.name, doing };
  const said = lastLine(stderr);
  const allow = `put '${target.user} ALL=(ALL) NOPASSWD:ALL' into /etc/sudoers.d/${target.user} on the host`;
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
  return new HostError({
    ...about,
    problem: `sudo did not make the user '${target.user}' root: ${said || "it said nothing"}`,
    action: next("Fix that on the host and run the same command again"),
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

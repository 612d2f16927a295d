import { BEFORE_FOLDER } from "./before";
import { type Claim, writeClaims } from "./claims";
import { functionsFor } from "./functions";
import { quote } from "./quote";

/** Longest wait for another step's lock on the host, and for apt's locks, in seconds. */
const LOCK_WAIT_SECONDS = 300;
export const HOST_LOCK = "/run/homelab.lock";

/** The systems that the steps are written for, as `ID VERSION_ID` of os-release. */
export const SUPPORTED_SYSTEMS = ["ubuntu 22.04", "ubuntu 24.04", "debian 12", "debian 13"] as const;
/** As `uname -m` names them. */
export const SUPPORTED_MACHINES = ["x86_64", "aarch64"] as const;
/** How both are called in messages. */
export const SUPPORTED = "Ubuntu 22.04 or 24.04, or Debian 12 or 13, on amd64 or arm64";

export interface ScriptArgs {
  /** The host's name in messages. Left out: its own hostname. */
  host?: string;
  /** The step's name: a DNS label. */
  step: string;
  /** Bash commands. May use what `functions.ts` lists, and `die WHY [WHAT TO DO NEXT]`. */
  commands: string;
  /** What the step leaves behind. Without them it writes no claims. */
  claims?: readonly Claim[];
  /** Environment of all commands, as proxies are given. Not for secrets. */
  environment?: Readonly<Record<string, string>>;
}

/**
 * A step's whole script, for `bash -s`. It refuses a system it isn't written for, takes the host's lock, does its
 * work, and writes its claims last. All of it stands in a function that is called in the last line: where the stream is
 * cut, nothing runs, and no command eats the rest of the script from standard input.
 */
export function stepScript(args: ScriptArgs): string {
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(args.step)) throw new Error(`'${args.step}' is no name of a step`);
  const claims = args.claims ? writeClaims(args.step, args.claims) : "";
  const work = [args.commands.trim(), claims].filter((part) => part !== "").join("\n");
  const environment = Object.entries(args.environment ?? {}).map(([name, value]) => `export ${name}=${quote(value)}`);
  return [
    ...PREAMBLE,
    `host=${args.host === undefined ? "$(hostname)" : quote(args.host)} step=${args.step} lock_seconds=${LOCK_WAIT_SECONDS} before=${BEFORE_FOLDER}`,
    ...environment,
    DIE,
    ...functionsFor(work),
    "main() {",
    REFUSE_UNSUPPORTED,
    TAKE_LOCK,
    work,
    "}",
    "main </dev/null",
    "",
  ].join("\n");
}

/** The command that runs a script from standard input as root. Works in any login shell. */
export function rootShell(user: string): string {
  return user === "root" ? "bash -s" : "sudo -n bash -s";
}

/**
 * A command that runs a script as root where sudo asks for a password: the first line of standard input. A wrong one is tried
 * once, if nothing stands behind it; where sudo doesn't ask, nobody reads it, since a step's script reads no input.
 */
export function rootShellWithPassword(script: string): string {
  return `sudo -S -p '' bash -c ${quote(script)}`;
}

const PREAMBLE = [
  "set -euo pipefail",
  "umask 022",
  "export LC_ALL=C DEBIAN_FRONTEND=noninteractive KUBECACHEDIR=/run/homelab-kubectl PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
];

const DIE = `die() {
  printf '%s: %s: %s\\n' "$host" "$step" "$1\${2:+; $2}" >&2
  exit 1
}`;

const REFUSE_UNSUPPORTED = `case $(. /etc/os-release && echo "$ID \${VERSION_ID-}") in
  ${SUPPORTED_SYSTEMS.map((system) => `"${system}"`).join(" | ")}) ;;
  *) die "$(. /etc/os-release && echo "\${PRETTY_NAME-$ID}") is not supported" "use ${SUPPORTED}; nothing was changed" ;;
esac
case $(uname -m) in ${SUPPORTED_MACHINES.join(" | ")}) ;; *) die "$(uname -m) is not supported" "use ${SUPPORTED}; nothing was changed" ;; esac`;

// Children inherit the lock: where bash alone is killed, apt still holds it until it ends.
const TAKE_LOCK = `exec 9>>${HOST_LOCK}
flock -w "$lock_seconds" 9 || die "the host is locked by another run ($(cat ${HOST_LOCK})) and was not free after $lock_seconds s" "let it end or stop that process, then run pulumi up again"
printf 'process %s, step %s, since %s\\n' "$$" "$step" "$(date -u +%FT%TZ)" >${HOST_LOCK}`;

import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../providers/machines/machine";
import type { Claim } from "../../providers/host/shell/claims";
import { rootShell, rootShellWithPassword, stepScript } from "../../providers/host/shell/script";
import { commandConnection } from "./connection";

/** How often a step's drift was found on its host, and what was found last. */
export interface Drift {
  /** Never goes down. A step that is re-run because of drift is re-run because this went up. */
  generation: number;
  reason: string;
}

export interface RemoteStepArgs {
  /** The step's name on the host and in messages: a DNS label. */
  step: string;
  /** Where it runs. The type of its connection requires the host key: without one the command would trust any host. */
  host: Pick<Machine, "name" | "connection" | "incarnation" | "resource">;
  /** Bash commands, idempotent, without secrets: they show in previews and stand in the state. See `stepScript`. */
  commands: pulumi.Input<string>;
  /** What the step leaves behind; the inspection looks for it. */
  claims?: readonly Claim[];
  /** Raises with every drift that the inspection finds; leave it out for steps that it doesn't look at. */
  drift?: pulumi.Output<Drift>;
  /** Environment of all commands, as proxies are given. Not for secrets. */
  environment?: Readonly<Record<string, string>>;
  /** Values that re-run the step as on a new machine when they change. */
  triggers?: pulumi.Input<string>[];
  /** Longest run, as "20m". */
  timeout?: string;
}

export interface RemoteStepOptions extends pulumi.CustomResourceOptions {
  /** What the step prints is a secret. */
  secretOutput?: boolean;
}

const DEFAULT_TIMEOUT = "20m";
/**
 * One script that runs on a host as root: the only use of `remote.Command`. The script goes by standard input, so that
 * errors stay short and a change previews as a diff of its lines; the connection is a secret, the script is not. Where sudo
 * asks for a password, that goes by standard input, and the script is the command.
 */
export class RemoteStep extends command.remote.Command {
  constructor(name: string, args: RemoteStepArgs, opts?: RemoteStepOptions) {
    const { secretOutput, ...options } = opts ?? {};
    const machine = args.host;
    const timeout = args.timeout ?? DEFAULT_TIMEOUT;
    super(
      name,
      {
        connection: commandConnection(machine.connection),
        ...commandAsRoot(args),
        triggers: [machine.incarnation, ...(args.triggers ?? [])],
        logging: command.remote.Logging.None,
        // Sent as environment variables, which sshd refuses by default.
        addPreviousOutputInEnv: false,
      },
      {
        deletedWith: machine.resource,
        customTimeouts: { create: timeout, update: timeout },
        ...(secretOutput ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
        ...options,
      },
    );
  }
}

type Commands = Pick<command.remote.CommandArgs, "create" | "update" | "stdin">;

function commandAsRoot(args: RemoteStepArgs): Commands {
  const { name, connection } = args.host;
  const script = pulumi.output(args.commands).apply((commands) => stepScript({ ...args, host: name, commands }));
  if (connection.sudoPassword !== undefined && connection.user !== "root") {
    const line = pulumi.output(connection.sudoPassword).apply((password) => `${password}\n`);
    return { create: scriptAsCommand(script, args.drift), stdin: pulumi.secret(line) };
  }
  const shell = rootShell(connection.user);
  return {
    create: shell,
    update: args.drift ? args.drift.apply((drift) => `${shell} # ${driftComment(drift)}`) : shell,
    stdin: script,
  };
}

/**
 * The script and its drift in one command, without an `update`: that would hold the script a second time, and a change
 * re-runs the command either way.
 */
function scriptAsCommand(script: pulumi.Output<string>, drift?: pulumi.Output<Drift>): pulumi.Output<string> {
  const shell = script.apply(rootShellWithPassword);
  if (!drift) return shell;
  return pulumi.all([shell, knownDrift(drift)]).apply(([text, comment]) => text + comment);
}

/**
 * The drift as the comment behind a command. One that a preview can't know, because the host is new or its inspection will
 * run again, must not hide the script that stands before it: it counts as none.
 */
function knownDrift(drift: pulumi.Output<Drift>): pulumi.Output<string> {
  const comment = (found: Drift): string => (found.generation > 0 ? ` # ${driftComment(found)}` : "");
  // The second argument is what Pulumi's own outputs use for their properties. Without it an unknown drift would make all unknown.
  const withUnknowns = drift as unknown as { apply(work: typeof comment, unknowns: true): pulumi.Output<string> };
  return withUnknowns.apply((found) => (typeof found.generation === "number" ? comment(found) : ""), true);
}

/** Longest reason that a command line carries. */
const REASON_CHARACTERS = 120;

/** The drift as one line of a shell comment: nothing in it can end the comment or reach a shell. */
export function driftComment(drift: Drift): string {
  const reason = drift.reason
    .replace(/[^A-Za-z0-9 ._:/=,@+-]+/g, " ")
    .replace(/ +/g, " ")
    .trim()
    .slice(0, REASON_CHARACTERS)
    .trim();
  return reason === "" ? `drift ${drift.generation}` : `drift ${drift.generation} ${reason}`;
}

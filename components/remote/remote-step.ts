import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../providers/machines/machine";
import type { ExpectedFact } from "../../providers/host/facts/expected";
import { rootShell, rootShellWithPassword, stepScript } from "../../providers/host/shell/script";
import { commandConnection } from "./connection";
import { type Drift, withDrift } from "./drift";

interface RemoteStepArgs {
  /** The step's name on the host and in messages: a DNS label. */
  step: string;
  /** Where it runs. The type of its connection requires the host key: without one the command would trust any host. */
  host: Pick<Machine, "name" | "connection" | "incarnation" | "resource">;
  /** Bash commands, idempotent, without secrets: they show in previews and in the state. See `stepScript`. */
  commands: pulumi.Input<string>;
  /** The script carries the library. Left out: it uses the one that the step `library` has written to the host before. */
  standalone?: boolean;
  /** What the step leaves behind; the inspection compares the host with it. */
  expected?: readonly ExpectedFact[];
  /** Raises with every drift that the inspection finds; leave it out for steps without expected state. */
  drift?: pulumi.Output<Drift>;
  /** Environment of all commands, as proxies are given. Not for secrets. */
  environment?: Readonly<Record<string, string>>;
  /** Values that re-run the step as on a new machine when they change. */
  triggers?: pulumi.Input<string>[];
  /** Longest run, as "20m". */
  timeout?: string;
}

interface RemoteStepOptions extends pulumi.CustomResourceOptions {
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
    update: args.drift ? args.drift.apply((drift) => withDrift(shell, drift)) : shell,
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
  return pulumi.all([shell, knownDrift(drift)]).apply(([text, found]) => (found ? withDrift(text, found) : text));
}

/**
 * The drift where it is known and there is any. One that a preview can't know, because the host is new or its inspection will run
 * again, must not hide the script before it: it counts as none.
 */
function knownDrift(drift: pulumi.Output<Drift>): pulumi.Output<Drift | undefined> {
  const known = (found: Drift): Drift | undefined =>
    typeof found.generation === "number" && found.generation > 0 ? found : undefined;
  // The second argument is what Pulumi's own outputs use for their properties. Without it an unknown drift would make all unknown.
  return (drift as unknown as { apply(work: typeof known, unknowns: true): pulumi.Output<Drift | undefined> }).apply(
    known,
    true,
  );
}

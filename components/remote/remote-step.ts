import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../providers/machines/machine";
import type { ExpectedFact } from "../../providers/host/facts/expected";
import { answerOf, asRoot, marked, SCRIPT_COMMAND } from "../../providers/host/shell/as-root";
import { unquote } from "../../providers/host/shell/quote";
import { scriptFrom, stepScript } from "../../providers/host/shell/script";
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
  /** What the step prints is read, by `answer`, and is a secret. */
  answers?: boolean;
}

/** With half an hour of waiting for apt, which another may use. */
const DEFAULT_TIMEOUT = "60m";
/** Around what a step prints that is read: the plugin gets what login shells and profiles print, too. */
const ANSWER = "homelab-answer";

/**
 * One script that runs on a host as root: the only use of `remote.Command`. The script goes by standard input, so that
 * errors stay short and a change previews as a diff of its lines; the connection is a secret, the script is not. Where sudo
 * asks for a password, that goes by standard input too, which is then a secret: a `StepScript` shows the script.
 */
export class RemoteStep extends command.remote.Command {
  constructor(name: string, args: RemoteStepArgs, opts?: RemoteStepOptions) {
    const { answers, ...options } = opts ?? {};
    const machine = args.host;
    const timeout = args.timeout ?? DEFAULT_TIMEOUT;
    const { user, sudoPassword } = machine.connection;
    const script = pulumi.output(args.commands).apply((commands) => {
      const text = stepScript({ ...args, host: machine.name, commands });
      return answers ? marked(text, ANSWER) : text;
    });
    const asking = sudoPassword !== undefined && user !== "root";
    if (asking) new StepScript(name, script, options);
    super(
      name,
      {
        connection: commandConnection(machine),
        create: SCRIPT_COMMAND,
        update: args.drift ? args.drift.apply((drift) => withDrift(SCRIPT_COMMAND, drift)) : SCRIPT_COMMAND,
        stdin: asking
          ? pulumi.secret(
              pulumi
                .all([script, sudoPassword])
                .apply(([text, password]) => asRoot(text, { user, sudoPassword: password })),
            )
          : script.apply((text) => asRoot(text, { user })),
        triggers: [machine.incarnation, ...(args.triggers ?? [])],
        logging: command.remote.Logging.None,
        // Sent as environment variables, which sshd refuses by default.
        addPreviousOutputInEnv: false,
      },
      {
        deletedWith: machine.resource,
        customTimeouts: { create: timeout, update: timeout },
        ...(answers ? { additionalSecretOutputs: ["stdout", "stderr"] } : {}),
        ...options,
      },
    );
  }

  /** What the script of a step that `answers` printed. Secret. */
  get answer(): pulumi.Output<string> {
    return this.stdout.apply((stdout) => {
      const answer = answerOf({ stdout, stderr: "" }, ANSWER);
      // In a state from before, what was printed is as it came.
      return typeof answer === "object" ? answer.stdout : stdout;
    });
  }
}

/** The script of a step that has a secret input: what a preview shows of it. It does nothing. */
class StepScript extends pulumi.ComponentResource<void> {
  constructor(name: string, script: pulumi.Input<string>, { parent }: pulumi.CustomResourceOptions) {
    super(STEP_SCRIPT, name, { script }, { parent });
    this.registerOutputs();
  }
}

/** The type of what shows the script of a step that has a secret input. It has the step's name. */
export const STEP_SCRIPT = "homelab:host:StepScript";

/** The script in the inputs of a step, or of its `STEP_SCRIPT`, without how it gets to the host; none where they don't show it. */
export function scriptIn({ script, stdin, create }: Readonly<Record<string, unknown>>): string | undefined {
  // Where sudo asked for a password, the script was once a word of the command.
  const texts = [script, stdin, ...(typeof create === "string" ? unquote(create) : [])];
  return texts
    .map((text) => (typeof text === "string" ? scriptFrom(text) : undefined))
    .find((text) => text !== undefined);
}

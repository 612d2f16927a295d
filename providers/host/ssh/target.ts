/** Where an SSH server listens, unless the settings say otherwise. */
export const SSH_PORT = 22;

/** By which key one logs in. */
export type Login =
  | {
      /** OpenSSH PEM, without a passphrase. Secret. */
      privateKey: string;
      agent?: undefined;
    }
  | {
      privateKey?: undefined;
      /** The SSH agent at SSH_AUTH_SOCK. */
      agent: {
        /** Which of its keys, `ssh-ed25519 AAAA…`: no other is offered. Left out: the agent's only key. */
        publicKey?: string;
      };
    };

interface Server {
  /** The host's name in messages. */
  name: string;
  /** IPv4 address or DNS name. */
  host: string;
  port: number;
  user: string;
  /** The pinned key, `ssh-ed25519 AAAA…`. No other key is accepted. */
  hostKey: string;
}

/** A host through which others are reached. */
export type Bastion = Server & Login;

/** A host, and how it is reached by SSH. */
export type SshTarget = Server &
  Login & {
    /** What sudo asks the user for; left out: sudo asks nothing. Secret. */
    sudoPassword?: string;
    bastion?: Bastion;
    /** How long to try to reach the host, in seconds, where the settings say it; over the caller's own limit. */
    connectTimeoutSeconds?: number;
  };

export interface ConnectLimits {
  /** How long to try to reach the host, waits between the tries included. In seconds. */
  timeoutSeconds: number;
}

export interface RunOptions {
  /** Given to the command; its standard input is closed after it. */
  stdin?: string;
  /** How long the command may run. In seconds. */
  timeoutSeconds: number;
  /** Most bytes of standard output, and of standard error, that are taken; more is an error. Default 8 MiB. */
  maxOutputBytes?: number;
}

export interface RunResult {
  stdout: string;
  stderr: string;
  /** As a shell counts: 128 + the signal's number where a signal ended the command. */
  exitCode: number;
  /** The signal that ended the command, as in "SIGKILL". */
  signal?: string;
}

export interface SshSession {
  readonly target: SshTarget;
  /** What is being done on the host, for messages. */
  readonly doing: string;
  /**
   * Runs one command through the user's login shell. A command that fails is an answer, not an error.
   * @throws HostError: `timeout` when it runs too long, `unreachable` when the connection dies under it, `command` when it
   * prints too much.
   */
  run(command: string, options: RunOptions): Promise<RunResult>;
}

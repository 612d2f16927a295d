import {
  BaseAgent,
  type IdentityCallback,
  OpenSSHAgent,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
  utils,
} from "ssh2";
import { type About, HostError } from "./errors";
import { fingerprint } from "./host-key";

/** Longest wait for the agent's list of keys. */
const LIST_TIMEOUT_MS = 10_000;

/** Which of the agent's keys logs in; left out: its only one. */
export interface AgentLogin {
  /** `ssh-ed25519 AAAA…`. */
  publicKey?: string;
}

/**
 * An SSH agent that has one key, whatever else the agent behind it holds. Servers count the keys that are offered, and
 * hang up after six: a key that can't open the door must not be offered.
 */
export class OneKeyAgent extends BaseAgent<ParsedKey> {
  constructor(
    private readonly behind: OpenSSHAgent,
    readonly key: ParsedKey,
  ) {
    super();
  }

  getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(undefined, [this.key]);
  }

  /** ssh2 always gives the options: which hash an RSA key signs with. */
  sign(publicKey: ParsedKey, data: Buffer, options: SigningRequestOptions | SignCallback, answer?: SignCallback): void {
    if (!publicKey.getPublicSSH().equals(this.key.getPublicSSH())) answer?.(new Error("this key is not shown"));
    else this.behind.sign(publicKey, data, options as SigningRequestOptions, answer);
  }
}

/** What an agent has that shows one key. `sign` refuses any other. */
export interface OneKey {
  readonly key: ParsedKey;
  sign(publicKey: ParsedKey, data: Buffer, options: SigningRequestOptions, answer: SignCallback): void;
}

/**
 * The agent at SSH_AUTH_SOCK with the one key that logs in.
 *
 * @throws HostError of kind `authentication` that says what to do
 */
export async function agentWithOneKey(login: AgentLogin, about: About): Promise<OneKeyAgent> {
  const refuse = (problem: string, action: string): HostError =>
    new HostError({ ...about, kind: "authentication", problem, action: `${action}. Nothing was sent to the host` });
  const socket = process.env.SSH_AUTH_SOCK;
  if (!socket) {
    throw refuse(
      "it is reached with a key of the SSH agent, and SSH_AUTH_SOCK is not set",
      "Start an agent and add the key ('eval \"$(ssh-agent)\"; ssh-add'), or set ssh.privateKeyPath instead of ssh.agent",
    );
  }
  const wanted = login.publicKey === undefined ? undefined : utils.parseKey(login.publicKey);
  if (wanted instanceof Error) {
    throw refuse(`ssh.publicKey can't be read: ${wanted.message}`, "Paste a whole line that 'ssh-add -L' prints");
  }
  const agent = new OpenSSHAgent(socket);
  const keys = await keysOf(agent).catch((error: Error) => {
    throw refuse(
      `no SSH agent answers at SSH_AUTH_SOCK: ${error.message}`,
      "Does 'ssh-add -L' print your key in this terminal? If not, start it again",
    );
  });
  if (keys.length === 0) throw refuse("the SSH agent has no key", "Add it with 'ssh-add'");
  const fitting = wanted ? keys.filter((key) => key.getPublicSSH().equals(wanted.getPublicSSH())) : keys;
  const [key, another] = fitting;
  if (!key && wanted) {
    throw refuse(
      `the SSH agent does not have the key ${named(wanted)}; it has ${keys.map(named).join(", ")}`,
      "Add the key with 'ssh-add', or set ssh.publicKey to one that the agent has",
    );
  }
  if (!key || another) {
    throw refuse(
      `the SSH agent has ${keys.length} keys, and it is not said which one logs in: ${keys.map(named).join(", ")}`,
      "Set ssh.publicKey to its line of 'ssh-add -L'",
    );
  }
  return new OneKeyAgent(agent, key);
}

function named(key: ParsedKey): string {
  const print = fingerprint(key.getPublicSSH());
  return key.comment ? `${key.comment} (${print})` : print;
}

function keysOf(agent: OpenSSHAgent): Promise<ParsedKey[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("it does not answer")), LIST_TIMEOUT_MS);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve((keys ?? []) as ParsedKey[]);
    });
  });
}

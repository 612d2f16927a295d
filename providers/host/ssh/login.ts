import { type AgentAuthMethod, type ParsedKey, type PublicKeyAuthMethod, utils } from "ssh2";
import { agentWithOneKey } from "./agent";
import { type About, HostError } from "./errors";
import type { Login } from "./target";

/**
 * The one method by which a user logs in: one method, one key, one attempt. Servers count failed logins and shut out those
 * who make many.
 *
 * @param at the server, as in "its bastion 10.0.0.1:22"
 * @throws HostError of kind `authentication` where there is no key to use
 */
export async function loginMethod(
  login: Login & { user: string },
  about: About,
  at: string,
): Promise<PublicKeyAuthMethod | AgentAuthMethod> {
  if (login.agent) return { type: "agent", username: login.user, agent: await agentWithOneKey(login.agent, about) };
  return { type: "publickey", username: login.user, key: privateKeyOf(login.privateKey, about, at) };
}

/** @throws HostError of kind `authentication` where it is no private key, or has a passphrase */
export function privateKeyOf(text: string, about: About, at: string): ParsedKey {
  const key = utils.parseKey(text);
  if (!(key instanceof Error) && key.isPrivateKey()) return key;
  throw new HostError({
    ...about,
    kind: "authentication",
    // ssh2's text names the problem (wrong format, a passphrase), never the key.
    problem: `the private key for ${at} can't be used: ${key instanceof Error ? key.message : "it is a public key"}`,
    action: "Give an OpenSSH private key without a passphrase",
  });
}

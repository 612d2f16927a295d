import type { ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import type { OneKey } from "./agent";
import type { About } from "./errors";
import { privateKeyOf } from "./login";

/**
 * One private key as an agent has it, without an agent behind it.
 *
 * @throws HostError of kind `authentication` where the key can't be used
 */
export function agentOfKey(privateKey: string, about: About): OneKey {
  const key = privateKeyOf(privateKey, about, "the host");
  return {
    key,
    sign(publicKey: ParsedKey, data: Buffer, { hash }: SigningRequestOptions, answer: SignCallback): void {
      if (!publicKey.getPublicSSH().equals(key.getPublicSSH())) return answer(new Error("this key is not shown"));
      const made = key.sign(data, hash);
      if (made instanceof Error) answer(made);
      else answer(undefined, key.type.startsWith("ecdsa-") ? sshIntegers(made) : made);
    },
  };
}

/** The two integers of an ECDSA signature as SSH has them (RFC 5656, 3.1.2), from DER: a sequence of two integers. */
function sshIntegers(der: Buffer): Buffer {
  const parts: Buffer[] = [];
  // A sequence of 128 bytes and more has its length in a second byte.
  let at = (der[1] ?? 0) > 0x80 ? 3 : 2;
  while (at < der.length) {
    const length = der[at + 1] ?? 0;
    const size = Buffer.alloc(4);
    size.writeUInt32BE(length);
    parts.push(size, der.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return Buffer.concat(parts);
}

/** An ed25519 key pair: `ssh-ed25519 AAAA… comment`, and the private key as OpenSSH PEM. */
export interface KeyPair {
  public: string;
  private: string;
}

/**
 * Makes an ed25519 key pair. One of some two hundred that ssh2 1.17 makes is malformed (it takes a leading zero byte away
 * from the key), and neither OpenSSH nor ssh2 itself reads it: such a pair is thrown away.
 */
export function generateKeyPair(comment = ""): KeyPair {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a preview that makes no key loads none of ssh2
  const { utils } = require("ssh2") as typeof import("ssh2");
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", { comment });
    if (!(utils.parseKey(pair.public) instanceof Error)) return pair;
  }
}

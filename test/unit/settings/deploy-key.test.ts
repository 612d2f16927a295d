import { generateKeyPairSync } from "node:crypto";
import { parseSettings } from "../../../settings";
import { deployKeyProblem } from "../../../components/addons/argocd/deploy-key";

const { utils } = jest.requireActual<typeof import("ssh2")>("ssh2");
const loaded = jest.fn();
jest.doMock("ssh2", () => {
  loaded();
  return { utils };
});

const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const locked = { cipher: "aes256-ctr", passphrase: "canary", rounds: 1 };
const lockedPem = { cipher: "aes-256-cbc", passphrase: "canary", format: "pem" } as const;

/** ssh2 makes a malformed one at times: see `generateKeyPair`. */
function made(options: object = {}) {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", options);
    if (!(utils.parseKey(pair.public) instanceof Error)) return pair;
  }
}

const pair = made();

function problemsWith(sshPrivateKey?: string): string[] {
  const gitops = sshPrivateKey === undefined ? { repoURL: "https://git.example/gitops.git" } : undefined;
  const { problems } = parseSettings(
    {
      machines: { kind: "nspawn", nodes: [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }] },
      addons: { argocd: { enabled: true } },
      gitops: gitops ?? { repoURL: "git@git.example:me/gitops.git", sshPrivateKey },
    },
    sshPrivateKey === undefined ? [] : ["gitops"],
  );
  return problems ?? [];
}

test("the library that reads keys, which takes a while to load, is loaded only where there is a key", () => {
  expect(problemsWith()).toEqual([]);
  expect(loaded).not.toHaveBeenCalled();
  expect(problemsWith(pair.private)).toEqual([]);
  expect(loaded).toHaveBeenCalledTimes(1);
});

test.each([
  ["OpenSSH's", pair.private],
  ["OpenSSH's, without the line end that Pulumi takes away", pair.private.trimEnd()],
  ["OpenSSL's of old", rsa.export({ type: "pkcs1", format: "pem" }).toString()],
  ["OpenSSL's", rsa.export({ type: "pkcs8", format: "pem" }).toString()],
])("a private key in the format %s is taken", (_format, key) => {
  expect(problemsWith(key)).toEqual([]);
});

test.each([
  ["a word", "nokey", "is not a private key"],
  ["half a key", pair.private.slice(0, 200), "is not a private key"],
  [
    "half a key of OpenSSL",
    rsa.export({ type: "pkcs8", format: "pem" }).toString().slice(0, 200),
    "is not a private key",
  ],
  ["the public key", pair.public, "is a public key"],
  ["the public key as PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is a public key"],
  ["a key with a passphrase", made(locked).private, "has a passphrase"],
  ["an old one with a passphrase", rsa.export({ type: "pkcs1", ...lockedPem }).toString(), "has a passphrase"],
  ["OpenSSL's with a passphrase", rsa.export({ type: "pkcs8", ...lockedPem }).toString(), "has a passphrase"],
  ["a key of PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", "PuTTY"],
  ["a key from Windows", pair.private.replaceAll("\n", "\r\n"), "line ends of Windows"],
])("%s for gitops.sshPrivateKey is refused before anything changes, and not shown", (_what, key, why) => {
  const problems = problemsWith(key);
  expect(problems).toEqual([`gitops.sshPrivateKey: ${deployKeyProblem(key)}`]);
  expect(problems[0]).toContain(why);
  const parts = key.split(/\s+/).filter((part) => part.length > 20);
  expect(parts.filter((part) => problems[0]?.includes(part))).toEqual([]);
});

test.each([
  ["https://GitHub.com/You/gitops.git", []],
  ["http://git.example:3000/you/gitops.git", []],
  ["github.com/you/gitops.git", ["did you mean https://github.com/you/gitops.git?"]],
  ["gitops", ["is not the address of a Git repository"]],
  ["https://you:canary@git.example/gitops.git", ["without a password"]],
])("%s as gitops.repoURL draws no complaint but about itself", (repoURL, expected) => {
  const { problems = [] } = parseSettings({
    machines: { kind: "nspawn", nodes: [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }] },
    addons: { argocd: { enabled: true } },
    gitops: { repoURL },
  });
  expect(problems).toHaveLength(expected.length);
  expect(expected.filter((part, at) => !problems[at]?.includes(part))).toEqual([]);
  expect(problems.join()).not.toContain("canary");
});

import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { fingerprint, formatHostKey, parseHostKey, sameHostKey } from "../../../providers/host/ssh/host-key";

// Made for this test by ssh-keygen, which also printed its fingerprint.
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMNHNEK+hBYyxoDg1fJGcTuX5s6fn/Gsz2llVumKZleO";
const KEYGEN_SAYS = "SHA256:Cb1BkUjdejDJqVlFaXRMHmNWj3fyX9O0SiFtQdQ2Jnw";

test("a key survives parsing and formatting, with or without a comment", () => {
  expect(formatHostKey(parseHostKey(`${KEY} root@somewhere\n`))).toBe(KEY);
});

test("the fingerprint is the one that ssh-keygen prints", () => {
  expect(fingerprint(parseHostKey(KEY))).toBe(KEYGEN_SAYS);
});

test("two keys differ, a key equals itself", () => {
  const other = parseHostKey(generateKeyPair().public);
  expect(sameHostKey(parseHostKey(KEY), other)).toBe(false);
  expect(sameHostKey(other, other)).toBe(true);
});

test.each([
  ["an RSA key", "ssh-rsa AAAAB3NzaC1yc2E=", "begins with 'ssh-rsa'"],
  ["a known_hosts line with its host name", `10.0.0.1 ${KEY}`, "begins with '10.0.0.1'"],
  ["a key that was cut short", KEY.slice(0, -8), "not a whole ssh-ed25519 key"],
  ["a key with a foreign character", KEY.replace("MNHN", "M*HN"), "not a whole ssh-ed25519 key"],
  ["nothing", "", "begins with ''"],
])("%s is refused with what is wrong", (_what, text, why) => {
  expect(() => parseHostKey(text)).toThrow(why);
});

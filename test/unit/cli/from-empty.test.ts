import * as fs from "node:fs";
import { load } from "js-yaml";
import { fromEmpty } from "../../../cli/from-empty-settings";
import { places } from "../../../cli/places";
import { parseSettings } from "../../../settings";
import { parseStackFile } from "../../../settings/stack-file";

test.each(["lab", "local", "metal"])("the settings of %s can be previewed without state, secret or host", (stack) => {
  const { text } = fromEmpty(fs.readFileSync(places.settings(stack), "utf8"));
  expect(parseSettings(parseStackFile(text).settings).problems).toBeUndefined();
  expect(text).not.toContain("encryptionsalt");
});

test("secrets are taken out and named as pulumi config set wants them; nothing else is changed", () => {
  const file = `
config:
  homelab:ssh: { user: ubuntu, privateKey: { secure: "v1:abc" } }
  homelab:machines:
    kind: metal
    nodes:
      - { name: cp1, ssh: { hostKey: ssh-ed25519 …, sudoPassword: { secure: "v1:def" } } }
encryptionsalt: v1:salt
secretsprovider: awskms://key
encryptedkey: abc
`;
  const { text, secrets, madeUp } = fromEmpty(file);
  expect(secrets).toEqual(["homelab:ssh.privateKey", "homelab:machines.nodes[0].ssh.sudoPassword"]);
  expect(madeUp).toEqual(["homelab:machines.nodes[0].ssh.hostKey"]);
  expect(load(text)).toEqual({
    config: {
      "homelab:ssh": { user: "ubuntu" },
      "homelab:machines": {
        kind: "metal",
        nodes: [{ name: "cp1", ssh: { hostKey: expect.stringMatching(/^ssh-ed25519 AAAA/) as string } }],
      },
    },
  });
  expect(fromEmpty(file).text).toBe(text);
});

import { gitUrl } from "../../../components/addons/argocd/git-url";
import { multipassDriver } from "../../../providers/machines/multipass/driver";
import { parseSettings } from "../../../settings";
import { inputs } from "../multipass/vm";

/** Values in the forms in which people have them, and the one form in which the program goes on with them. */

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";

function multipass(machines: object) {
  const { settings, problems } = parseSettings({
    machines: { kind: "multipass", nodes: [{ name: "cp1", role: "control-plane" }], ...machines },
  });
  if (settings?.machines.kind !== "multipass") throw new Error(problems?.join("\n"));
  return settings.machines;
}

test("sizes: memory and disk are taken as people write them, and go on in one form", () => {
  const nodes = [{ name: "cp1", role: "control-plane", memory: "4g", disk: "40 GiB" }];
  const machines = multipass({ memory: "4GiB", disk: "20GB", nodes });
  expect([machines.memory, machines.disk]).toEqual(["4G", "20G"]);
  expect(machines.nodes[0]).toMatchObject({ memory: "4G", disk: "40G" });
  expect(multipass({ memory: "4096M" }).memory).toBe("4096M");
});

test("sizes: one that is too small is found in every form", () => {
  const { problems } = parseSettings({
    machines: { kind: "multipass", memory: "512MiB", nodes: [{ name: "cp1", role: "control-plane" }] },
  });
  expect(problems).toEqual([expect.stringMatching(/^machines\.memory: "512M" is too little for a control plane/)]);
});

test.each(["52:54:00:AB:CD:EF", "52-54-00-ab-cd-ef", "52:54:00:ab:cd:ef"])("mac: %s is taken", (mac) => {
  const [network] = multipass({ networks: [{ name: "en0", mac }] }).networks;
  expect(network?.mac).toBe("52:54:00:ab:cd:ef");
});

test.each(["52-54:00:ab:cd:ef", "525400abcdef", "52:54:00:ab:cd:eg"])("mac: %s is none", (mac) => {
  expect(() => multipass({ networks: [{ name: "en0", mac }] })).toThrow(/is not a MAC address/);
});

test.each(["Default Switch", "vEthernet (WSL)", "enp0s31f6", "Wi-Fi 2"])(
  "multipass-network: '%s' is taken by the settings and by the provider",
  (name) => {
    expect(multipass({ networks: [{ name }] }).networks[0]?.name).toBe(name);
    expect(multipassDriver.check?.({ ...inputs, networks: [{ name, mode: "auto" }] }).failures).toEqual([]);
  },
);

test.each(["a,mode=manual", "a=b", " ", "a\nb"])(
  "multipass-network: %j, which would be read as more, is refused by both",
  (name) => {
    expect(() => multipass({ networks: [{ name }] })).toThrow(/is not the name of a network/);
    expect(multipassDriver.check?.({ ...inputs, networks: [{ name, mode: "auto" }] }).failures).toEqual([
      expect.objectContaining({ property: "networks" }),
    ]);
  },
);

function hostKeyOf(hostKey: string): string {
  const node = { name: "cp1", role: "control-plane", address: "192.168.1.11", ssh: { hostKey } };
  const { settings, problems } = parseSettings({
    ssh: { user: "me", agent: true },
    machines: { kind: "metal", nodes: [node] },
  });
  if (settings?.machines.kind !== "metal") throw new Error(problems?.join("\n"));
  return settings.machines.nodes[0]?.ssh.hostKey ?? "";
}

test.each([HOST_KEY, `${HOST_KEY} root@cp1`, `${HOST_KEY}\n`, `  ${HOST_KEY}  root@cp1 of the rack\r\n`])(
  "host-key-comment: %j is taken for the key in it",
  (written) => {
    expect(hostKeyOf(written)).toBe(HOST_KEY);
  },
);

test("host-key-comment: two keys are none, for the second would be passed over", () => {
  expect(() => hostKeyOf(`${HOST_KEY}\n${HOST_KEY}\n`)).toThrow(/is not an ed25519 host key/);
});

test("host-key-comment: the key of an agent may end in a line break too", () => {
  const publicKey = `${HOST_KEY} me@laptop\n`;
  const node = { name: "cp1", role: "control-plane", address: "192.168.1.11", ssh: { hostKey: HOST_KEY, publicKey } };
  const { settings } = parseSettings({ ssh: { user: "me" }, machines: { kind: "metal", nodes: [node] } });
  expect(settings?.machines.kind === "metal" && settings.machines.nodes[0]?.ssh.login).toEqual({
    by: "agent",
    publicKey: HOST_KEY,
  });
});

test.each([
  "https://dev.azure.com/org/My%20Project/_git/x",
  "https://org@dev.azure.com/org/My%20Project/_git/x",
  "git@ssh.dev.azure.com:v3/org/My%20Project/x",
  "https://git.example/~user/gitops.git",
  "ssh://git@git.example/~user/gitops.git",
  "git@git.example:~user/gitops.git",
  "org-1234@github.com:me/gitops.git",
  "git.user@git.example:2222/me/gitops",
  "ssh://git@git.example:7999/~me/gitops.git",
  "https://git.example:8443/me/gitops.git",
  "http://10.90.0.1:3000/me/gitops.git",
  "https://[fd00::1]:3000/me/gitops.git",
  "ssh://git@[fd00::1]:22/me/gitops.git",
  "https://me@git.example/c++/gitops(1).git",
])("git-url: %s is taken", (url) => {
  expect(gitUrl(url)).toBeUndefined();
});

test.each<[string, RegExp]>([
  ["git.example/me/gitops.git", /did you mean https:\/\/git\.example\/me\/gitops\.git\?$/],
  ["git.example:me/gitops.git", /did you mean git@git\.example:me\/gitops\.git\?$/],
  ["ssh://git.example/me/gitops.git", /did you mean ssh:\/\/git@git\.example\/me\/gitops\.git\?$/],
  ["git@[fd00::1]:me/gitops.git", /did you mean ssh:\/\/git@\[fd00::1\]\/me\/gitops\.git\?$/],
  [
    "https://dev.azure.com/org/My Project/_git/x",
    /did you mean https:\/\/dev\.azure\.com\/org\/My%20Project\/_git\/x\?$/,
  ],
  ["https://git.example/me/100%/x", /is not the address of a Git repository/],
  ["https://git.example:99999/x", /is not the address of a Git repository/],
  ["https://[fd00::zz]/x", /is not the address of a Git repository/],
  ["file:///srv/gitops.git", /is not the address of a Git repository/],
  ["https://git.example/x?a=b", /is not the address of a Git repository/],
  ["https://git.example/", /is not the address of a Git repository/],
  ["https://ghp_c4n4ry@github.com/me/x", /has a user in it that may be a token/],
  ["https://0123456789abcdef0123@git.example/me/x", /has a user in it that may be a token/],
])("git-url: %s is refused, with what was meant where that can be told", (url, why) => {
  expect(gitUrl(url)).toMatch(why);
});

test("git-url: a password in an address is in no message", () => {
  for (const url of ["https://me:c4n4ry@git.example/x", "me:c4n4ry@git.example/x y", "ssh://me:c4n4ry@git.example/x"]) {
    expect(gitUrl(url)).toMatch(/without a password/);
    expect(gitUrl(url)).not.toContain("c4n4ry");
  }
});

import { inspect } from "node:util";
import { parseSettings } from "../../../settings";

const MARKER = "c4n4ry";
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";

function metal(ssh: object, hostSsh: object = {}) {
  const node = { name: "cp1", role: "control-plane", address: "192.168.1.11", ssh: { hostKey: HOST_KEY, ...hostSsh } };
  return { ssh: { user: "ubuntu", ...ssh }, machines: { kind: "metal", nodes: [node] } };
}

describe("secrets in the settings", () => {
  it("are readable by the program and by nothing that prints the settings", () => {
    const { settings } = parseSettings(metal({ privateKey: MARKER, sudoPassword: `${MARKER}!` }), ["ssh"]);
    if (settings?.machines.kind !== "metal") throw new Error("the settings were refused");
    const { login, sudoPassword } = settings.machines.nodes[0]?.ssh ?? {};
    expect(login?.by === "privateKey" && login.privateKey.reveal()).toBe(MARKER);
    expect(sudoPassword?.reveal()).toBe(`${MARKER}!`);
    expect(JSON.stringify(settings) + inspect(settings, { depth: null })).not.toContain(MARKER);
  });

  it("are refused when they are in clear, without being shown", () => {
    const { problems } = parseSettings(metal({ privateKey: MARKER }, { sudoPassword: MARKER }));
    expect(problems).toEqual([
      expect.stringMatching(/^machines\.nodes\[0\]\.ssh\.sudoPassword: is not encrypted/),
      expect.stringMatching(/^ssh\.privateKey: is not encrypted/),
    ]);
    expect(problems?.join()).not.toContain(MARKER);
  });

  it("are refused when they are in clear beside one that is encrypted, without being shown", () => {
    const raw = metal({ privateKey: MARKER, sudoPassword: MARKER });
    const written = metal({ privateKey: { secure: "v1:abc" }, sudoPassword: MARKER });
    const { problems } = parseSettings(raw, ["ssh"], { written, stack: "metal" });
    expect(problems).toEqual([expect.stringMatching(/^ssh\.sudoPassword: is not encrypted/)]);
    expect(problems?.join()).not.toContain(MARKER);
  });

  it.each<[string, Record<string, unknown>, string[]]>([
    ["a secret of the wrong type", metal({ privateKey: [MARKER], sudoPassword: { a: MARKER } }), ["ssh"]],
    ["a password in the place of its parent", { ...metal({ agent: true }), addons: MARKER }, ["addons"]],
    ["a password that is encrypted where no secret belongs", metal({ agent: true, user: `${MARKER}!` }), ["ssh"]],
    ["a private key in the wrong place", metal({ agent: true, user: `-----BEGIN ${MARKER}` }), []],
    ["a password under an unknown name", metal({ agent: true, pasword: MARKER }), []],
    ["a password in the address of a mirror", { mirrors: { apt: { docker: { url: `http://a:${MARKER}@b/` } } } }, []],
    ["a token in the wrong type of login", { containerd: { auth: { "quay.io": { password: 7, token: MARKER } } } }, []],
  ])("are not in the message about %s", (_, raw, secretKeys) => {
    const { problems } = parseSettings(raw, secretKeys);
    expect(problems).not.toHaveLength(0);
    expect(problems?.join("\n")).not.toContain(MARKER);
  });

  it("that sudo asks for have one line, of all hosts as of one", () => {
    const { problems } = parseSettings(
      metal({ agent: true, sudoPassword: `${MARKER}\n` }, { sudoPassword: `a\r${MARKER}` }),
      ["ssh", "machines"],
    );
    expect(problems).toEqual([
      "machines.nodes[0].ssh.sudoPassword: the value (not shown) has more than one line; a line break at its end counts too",
      "ssh.sudoPassword: the value (not shown) has more than one line; a line break at its end counts too",
    ]);
  });

  it("don't hide what else is wrong under the same key", () => {
    const { problems } = parseSettings(metal({ privateKey: MARKER, port: 0 }), ["ssh"]);
    expect(problems).toEqual(["ssh.port: 0 is less than 1"]);
  });
});

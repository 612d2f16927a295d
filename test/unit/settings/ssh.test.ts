import { parseSettings, type HostSshSettings } from "../../../settings";

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";
const AGENT_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
const GATE = { host: "gate.example", user: "jump", hostKey: HOST_KEY };

/** How one host is reached, by its own settings over those of all hosts. */
function sshOf(shared: object, own: object = {}): HostSshSettings {
  const node = { name: "cp1", role: "control-plane", address: "192.168.1.11", ssh: { hostKey: HOST_KEY, ...own } };
  const raw = { ssh: { user: "ubuntu", ...shared }, machines: { kind: "metal", nodes: [node] } };
  const secretKeys = Object.entries(raw).filter(([, value]) => JSON.stringify(value).includes("sudoPassword"));
  const { settings, problems } = parseSettings(
    raw,
    secretKeys.map(([key]) => key),
  );
  const host = settings?.machines.kind === "metal" ? settings.machines.nodes[0] : undefined;
  if (!host) throw new Error(problems?.join("\n"));
  return host.ssh;
}

describe("how a host is reached", () => {
  it("is complete where little is said", () => {
    expect(sshOf({ agent: true })).toEqual({
      user: "ubuntu",
      port: 22,
      hostKey: HOST_KEY,
      login: { by: "agent" },
      connectTimeoutSeconds: 180,
    });
  });

  it("is what the host says, over what all hosts have", () => {
    const shared = { agent: true, port: 2222, sudoPassword: "shared", bastion: { ...GATE, host: "other.example" } };
    const own = { user: "admin", port: 22, sudoPassword: "own", bastion: GATE };
    const { sudoPassword, ...ssh } = sshOf(shared, own);
    expect(ssh).toMatchObject({ user: "admin", port: 22, bastion: { host: "gate.example" } });
    expect(sudoPassword?.reveal()).toBe("own");
    expect(sshOf(shared).sudoPassword?.reveal()).toBe("shared");
    expect(sshOf(shared)).toMatchObject({ user: "ubuntu", port: 2222, bastion: { host: "other.example" } });
  });

  it("is exactly one way to log in: a host that names one inherits none", () => {
    const agent = { agent: true, publicKey: AGENT_KEY };
    expect(sshOf(agent, { privateKeyPath: "/root/key" }).login).toEqual({
      by: "privateKeyPath",
      privateKeyPath: "/root/key",
    });
    expect(sshOf({ privateKeyPath: "/root/key" }, { agent: true }).login).toEqual({ by: "agent" });
    expect(sshOf(agent, { agent: true }).login).toEqual({ by: "agent" });
    expect(sshOf(agent).login).toEqual({ by: "agent", publicKey: AGENT_KEY });
  });

  it("takes a line of ssh-add -L for the choice of the agent's key, without its comment", () => {
    expect(sshOf({}, { publicKey: `${AGENT_KEY} me and my laptop` }).login).toEqual({
      by: "agent",
      publicKey: AGENT_KEY,
    });
  });

  it.each(["john.doe", "Admin", "svc$", "_apt", "müller", "CORP\\jane", "jane@corp.example", "x".repeat(255)])(
    "user-dot: takes %s for a user",
    (user) => {
      expect(sshOf({ agent: true }, { user }).user).toBe(user);
    },
  );

  it.each(["-x", "~x", "+x", "a b", "a:b", "a/b", "a\nb", "a'b", "1000", "..", "$(id)", "x".repeat(256)])(
    "user-dot: refuses %j for a user, which no host has",
    (user) => {
      expect(() => sshOf({ agent: true }, { user })).toThrow(/user: .*(is not a user name|is longer)/);
    },
  );

  it("goes through a bastion by the host's login, unless the bastion has one of its own", () => {
    const { bastion } = sshOf({ agent: true, bastion: GATE }, { privateKeyPath: "/root/key" });
    expect(bastion).toEqual({ ...GATE, port: 22, login: { by: "privateKeyPath", privateKeyPath: "/root/key" } });
    const own = sshOf({ agent: true, bastion: { ...GATE, port: 2222, privateKeyPath: "~/.ssh/gate" } }).bastion;
    expect(own).toMatchObject({ port: 2222, login: { by: "privateKeyPath", privateKeyPath: "~/.ssh/gate" } });
  });
});

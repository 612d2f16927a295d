import type { ServerChannel } from "ssh2";
import { metalHostDriver } from "../../../providers/machines/metal/driver";
import { incarnationOf } from "../../../providers/host/ssh/host-key";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { answerScript, startServer, type TestServer } from "../ssh/in-process-server";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKdnYJkcxUtgGfEMoKcULwCvkvNqhvP2d1hWdXWHNIeE";

let server: TestServer | undefined;
let warnings: string[];

beforeEach(() => {
  warnings = [];

  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server?.close();
  server = undefined;
});

async function host(prints: { stdout?: string; stderr?: string; exitCode?: number } = {}) {
  const scripts: string[] = [];
  server = await startServer({
    answer: (channel: ServerChannel) => {
      let script = "";
      channel.on("data", (data: Buffer) => (script += data.toString()));
      channel.on("end", () => {
        scripts.push(script);
        answerScript(channel, script, prints);
      });
    },
  });
  const target = { ...server.target, name: "w1", connectTimeoutSeconds: 2 };
  return { target, scripts, recorded: recorded(target) };
}

function recorded(target: TestServer["target"]) {
  return { target, hostKey: target.hostKey, incarnation: incarnationOf(target.hostKey) };
}

test("a host is known by its pinned key alone, and its creation connects to nothing", async () => {
  const target = { name: "w1", host: "192.0.2.1", port: 22, user: "me", privateKey: "none", hostKey: key };
  const { id, outputs } = await metalHostDriver.create({ target, hostKey: key });
  expect({ id, ...outputs }).toEqual({ id: "w1", target, hostKey: key, incarnation: incarnationOf(key) });
  expect(incarnationOf(key)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  expect(incarnationOf(`${key} a comment`)).toBe(incarnationOf(key));
  expect(await metalHostDriver.read?.(id, outputs)).toEqual({ id, inputs: { target, hostKey: key }, outputs });
});

test("another host key is another machine; another address or user is only recorded", async () => {
  const { recorded: old } = await host();
  const other = { ...old, hostKey: generateKeyPair().public };
  expect(metalHostDriver.diff("w1", old, other)).toEqual({
    changes: true,
    replaces: ["hostKey"],
    deleteBeforeReplace: false,
  });
  const moved = { target: { ...old.target, host: "192.0.2.9" }, hostKey: old.hostKey };
  expect(metalHostDriver.diff("w1", old, moved)).toMatchObject({ changes: true, replaces: [] });
  expect(await metalHostDriver.update?.("w1", old, moved)).toEqual({ ...moved, incarnation: old.incarnation });
  expect(server?.connections()).toBe(0);
});

test("a host that leaves is undone, and what was kept is said", async () => {
  const { scripts, recorded: old } = await host({ stdout: "Adjusting\nkept /etc/x: it was changed after us\n" });
  await metalHostDriver.delete("w1", old);
  expect(scripts).toEqual([expect.stringContaining("end_kubernetes")]);
  expect(warnings).toEqual(["w1: kept /etc/x: it was changed after us"]);
});

test("a host that fails to be undone is an error, and stays in the state", async () => {
  const { recorded: old } = await host({ stderr: "w1: undo: 'kubeadm reset' failed\n", exitCode: 1 });
  await expect(metalHostDriver.delete("w1", old)).rejects.toThrow("'kubeadm reset' failed");
  expect(warnings).toEqual([]);
});

test("destroy-host-gone / API gone: a host that can't be reached is taken as gone, with a warning that says what to do if it comes back", async () => {
  const { recorded: old } = await host();
  await server?.close();
  server = undefined;
  await metalHostDriver.delete("w1", old);
  expect(warnings).toEqual([
    expect.stringMatching(/^w1: undoing .*: skipped, .*If it comes back, take it into the inventory again/),
  ]);
});

test("a host that shows another key is another machine: nothing is sent to it, and a warning says so", async () => {
  const { recorded: old, scripts } = await host();
  const pinned = { ...old, target: { ...old.target, hostKey: key }, hostKey: key };
  await metalHostDriver.delete("w1", pinned);
  expect(warnings).toEqual([expect.stringContaining("there is another machine now, and nothing was sent to it")]);
  expect({ scripts, logins: server?.logins }).toEqual({ scripts: [], logins: [] });
});

test("a bastion that shows another key says nothing of the host: that is an error", async () => {
  const { recorded: old } = await host();
  const { target } = old;
  const bastion = { ...target, name: "w1's bastion", hostKey: key };
  const behind = { ...old, target: { ...target, bastion } };
  await expect(metalHostDriver.delete("w1", behind as typeof old)).rejects.toThrow("its bastion");
  expect(warnings).toEqual([]);
});

test("a host that refuses the login is an error: it is there, and not undone", async () => {
  const { recorded: old } = await host();
  const privateKey = generateKeyPair().private;
  await expect(
    metalHostDriver.delete("w1", { ...old, target: { ...old.target, privateKey, agent: undefined } }),
  ).rejects.toThrow("refused the key");
});

test("a login that is refused is an error that says how the host is reached as the settings say now", async () => {
  const { target } = await host();
  const old = recorded({ ...target, privateKey: generateKeyPair().private, agent: undefined });
  await expect(metalHostDriver.delete("w1", old)).rejects.toThrow(/^w1: .* run pulumi up first/);
});

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { utils } from "ssh2";
import { driverOf } from "../../../providers/drivers";
import { sshKeyFileDriver } from "../../../providers/machines/ssh-key/file-driver";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";

const pair = generateKeyPair();

let folder: string;
let warned: jest.SpyInstance;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "key-"));
  warned = jest.spyOn(console, "warn").mockReturnValue(undefined);
});
afterEach(async () => {
  warned.mockRestore();
  await rm(folder, { recursive: true });
});

async function file(text: string, mode = 0o600): Promise<string> {
  const made = path.join(folder, "id");
  await writeFile(made, text);
  await chmod(made, mode);
  return made;
}

async function refusal(given: string): Promise<string> {
  const error: unknown = await sshKeyFileDriver.create({ path: given }).catch((reason: unknown) => reason);
  if (!(error instanceof Error)) throw new Error("it was not refused");
  return error.message;
}

test("the file's text is the key, and its path stays as it was written", async () => {
  const made = await file(pair.private);
  await expect(sshKeyFileDriver.create({ path: made })).resolves.toEqual({
    id: made,
    outputs: { path: made, privateKey: pair.private },
  });
  expect(warned).not.toHaveBeenCalled();
  expect(driverOf("ssh-key-file")).toBe(sshKeyFileDriver);
});

test("~ is the home folder, and does not become this workstation's in the state", async () => {
  await file(pair.private);
  const home = jest.spyOn(os, "homedir").mockReturnValue(folder);
  const { outputs } = await sshKeyFileDriver.create({ path: "~/id" });
  expect(outputs).toEqual({ path: "~/id", privateKey: pair.private });
  home.mockRestore();
});

test("a key that others may read is taken with a warning that does not show it", async () => {
  const { outputs } = await sshKeyFileDriver.create({ path: await file(pair.private, 0o644) });
  expect(outputs.privateKey).toBe(pair.private);
  expect(warned).toHaveBeenCalledWith(expect.stringMatching(/mode 644.*chmod 600/));
});

test("what is no usable key is refused with what to do, and without its text", async () => {
  const locked = utils.generateKeyPairSync("ed25519", { passphrase: "swordfish", cipher: "aes256-ctr", rounds: 1 });
  expect(await refusal(path.join(folder, "none"))).toMatch(
    /none: reading .*ssh\.privateKeyPath.* no such file.*ssh-keygen/,
  );
  expect(await refusal(folder)).toContain("EISDIR");
  expect(await refusal(await file(pair.public))).toContain("this is a public key");
  expect(await refusal(await file(locked.private))).toMatch(/has a passphrase.*ssh-add.*ssh\.agent/);
  const cut = pair.private.replace(/\n.{20}/, "\n");
  const message = await refusal(await file(cut));
  expect(message).toContain("Name a private key");
  expect(message).not.toContain(cut.split("\n")[2]);
});

test("a plan compares the paths alone: no file is needed", () => {
  const recorded = { path: "/gone", privateKey: "KEY" };
  expect(sshKeyFileDriver.diff("/gone", recorded, { path: "/gone" }).changes).toBe(false);
  expect(sshKeyFileDriver.diff("/gone", recorded, { path: "/other" })).toMatchObject({ changes: true, replaces: [] });
});

test("a refresh reads the file again, and keeps what is recorded where there is none", async () => {
  const made = await file(pair.private);
  const recorded = { path: made, privateKey: "OLD" };
  await expect(sshKeyFileDriver.read?.("id", recorded)).resolves.toMatchObject({
    outputs: { privateKey: pair.private },
  });
  await rm(made);
  await expect(sshKeyFileDriver.read?.("id", recorded)).resolves.toEqual({
    id: "id",
    inputs: { path: made },
    outputs: recorded,
  });
  await file("nonsense");
  await expect(sshKeyFileDriver.read?.("id", recorded)).rejects.toThrow("ssh.privateKeyPath");
});

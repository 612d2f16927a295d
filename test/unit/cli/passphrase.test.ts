import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readSettings, type Stack } from "../../../cli/stack";
import { choosePassphrase, clearHomelab } from "../../../cli/passphrase";
import { places } from "../../../cli/places";

const real = { ...places };
const settings = (name: string): Stack => ({
  name,
  because: "",
  ...readSettings(fs.readFileSync(real.settings(name), "utf8")),
});
const onDisk = { description: "", cloud: false };
const inCloud = { description: "", cloud: true };

beforeEach(() => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-passphrase-"));
  places.homelab = folder;
  places.charts = path.join(folder, "charts");
  places.passphrase = (stack) => path.join(folder, `passphrase-${stack}`);
});
afterEach(() => {
  fs.rmSync(places.homelab, { recursive: true, force: true });
  Object.assign(places, real);
});

test.each(["lab", "local"])("the passphrase of %s is published, so that each clone stays clean", (name) => {
  const { file = "", published } = choosePassphrase(settings(name), onDisk, { PULUMI_CONFIG_PASSPHRASE: "mine" });
  expect(published).toBe(true);
  expect(fs.readFileSync(file, "utf8")).toBe(`homelab-${name}`);
});

test("a stack whose passphrase was changed is not given the published one", () => {
  choosePassphrase(settings("local"), onDisk, {});
  const changed = { ...settings("local"), salt: "v1:own" };
  expect(() => choosePassphrase(changed, onDisk, {})).toThrow("a passphrase that is not known here");
  expect(choosePassphrase(changed, onDisk, { PULUMI_CONFIG_PASSPHRASE: "mine" })).toEqual({});
  fs.writeFileSync(places.passphrase("local"), "mine");
  expect(choosePassphrase(changed, onDisk, {})).toEqual({ file: places.passphrase("local") });
});

test("metal refuses the published passphrase, which a copied salt would bring along", () => {
  const copied = { ...settings("metal"), salt: settings("lab").salt };
  expect(() => choosePassphrase(copied, onDisk, {})).toThrow("whose passphrase is published");
  expect(fs.readdirSync(places.homelab)).toEqual([]);
});

test("metal gets a random passphrase once, readable by its owner alone, and the user is told", () => {
  const first = choosePassphrase(settings("metal"), onDisk, {});
  expect(first.notice).toContain("keep a copy");
  expect(fs.statSync(first.file ?? "").mode & 0o777).toBe(0o600);
  const text = fs.readFileSync(first.file ?? "", "utf8");
  expect(text).toMatch(/^[\w-]{32}$/);
  expect(choosePassphrase(settings("metal"), onDisk, {})).toEqual({ file: first.file });
  expect(fs.readFileSync(first.file ?? "", "utf8")).toBe(text);
});

test("metal needs none where Pulumi Cloud, a key service or the user's own variable encrypts", () => {
  const metal = settings("metal");
  expect(choosePassphrase(metal, inCloud, {})).toEqual({});
  expect(choosePassphrase({ ...metal, otherSecretsProvider: true }, onDisk, {})).toEqual({});
  expect(choosePassphrase(metal, onDisk, { PULUMI_CONFIG_PASSPHRASE_FILE: "/etc/mine" })).toEqual({});
  expect(fs.readdirSync(places.homelab)).toEqual([]);
});

test("what is removed leaves the passphrases that are nowhere else, and what is to be kept", () => {
  choosePassphrase(settings("metal"), onDisk, {});
  choosePassphrase(settings("lab"), onDisk, {});
  for (const name of ["charts", "env"]) fs.writeFileSync(path.join(places.homelab, name), "");
  clearHomelab([places.charts]);
  expect(fs.readdirSync(places.homelab).sort()).toEqual(["charts", "passphrase-metal"]);
});

test.each(["lab", "local"])("the committed salt of %s is the one of its published passphrase", (name) => {
  const [, salt = "", , nonce = "", text = ""] = (settings(name).salt ?? "").split(":");
  const bytes = Buffer.from(text, "base64");
  // As Pulumi makes a key of a passphrase, and proves by a known text that it is the right one.
  const key = pbkdf2Sync(`homelab-${name}`, Buffer.from(salt, "base64"), 1_000_000, 32, "sha256");
  const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64"));
  decipher.setAuthTag(bytes.subarray(-16));
  expect(decipher.update(bytes.subarray(0, -16)).toString() + decipher.final("utf8")).toBe("pulumi");
});

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { askMultipass, chooseStack, readSettings } from "../../../cli/stack";
import { places } from "../../../cli/places";

const works = { works: true, why: "Multipass is installed" };
const missing = { works: false, why: "there is no Multipass on PATH" };

const nothing = (): boolean => false;

test("without STACK the stack is local where Multipass works and the lab elsewhere, and it is said why", async () => {
  expect(await chooseStack("", { isSetUp: nothing, multipass: async () => works })).toMatchObject({
    name: "local",
    machineKind: "multipass",
  });
  const lab = await chooseStack("", { isSetUp: nothing, multipass: async () => missing });
  expect(lab).toMatchObject({ name: "lab", machineKind: "nspawn" });
  expect(lab.because).toBe("because there is no Multipass on PATH; STACK=… picks another");
});

test("without STACK a stack that is set up goes on, also where Multipass has come or gone since", async () => {
  const { name, because } = await chooseStack("", { isSetUp: (name) => name === "lab", multipass: async () => works });
  expect([name, because]).toEqual(["lab", "because it is set up here already; STACK=… picks another"]);
});

test("Multipass is asked, not only looked for", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-multipass-"));
  const { PATH } = process.env;
  process.env.PATH = `${folder}:/usr/bin:/bin`;
  const program = path.join(folder, "multipass");
  try {
    expect(await askMultipass()).toEqual(missing);
    fs.writeFileSync(program, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    expect(await askMultipass()).toEqual(works);
    fs.writeFileSync(program, "#!/bin/sh\necho 'cannot connect to the multipass socket' >&2\nexit 3\n");
    expect(await askMultipass()).toEqual({
      works: false,
      why: "Multipass is installed, but `multipass version` fails: cannot connect to the multipass socket",
    });
  } finally {
    process.env.PATH = PATH;
    fs.rmSync(folder, { recursive: true });
  }
});

test("a named stack needs its settings file", async () => {
  expect(await chooseStack("metal")).toMatchObject({ name: "metal", because: "because STACK says so" });
  await expect(chooseStack("moon")).rejects.toThrow('there is no stack "moon": no file Pulumi.moon.yaml');
  await expect(chooseStack("../lab")).rejects.toThrow('there is no stack "../lab"');
});

test("the mirror is started where the lab's settings expect it, and nowhere else", () => {
  const lab = fs.readFileSync(places.settings("lab"), "utf8");
  expect(readSettings(lab).mirrorAddresses).toEqual(["127.0.0.1:5080", "10.90.0.1:5080"]);
  const moved = lab
    .replaceAll("10.90.0.1:5080", "10.99.7.1:81")
    .replace("kind: nspawn", "kind: nspawn\n    network: { subnet: 10.99.7.0/24 }");
  expect(readSettings(moved).mirrorAddresses).toEqual(["127.0.0.1:5080", "10.99.7.1:81"]);
  expect(readSettings(lab.replace("kind: nspawn", "kind: metal")).mirrorAddresses).toEqual([]);
});

test("a stack with Argo CD or Tailscale gets a mirror that has it", () => {
  const machines = "{ tailscale: { machines: { enabled: true } } }";
  expect(readSettings(`config: { 'homelab:addons': ${machines} }`).addons).toEqual(["tailscale"]);

  expect(readSettings("config: { 'homelab:addons': { argocd: { enabled: true } } }").addons).toEqual(["argocd"]);
  expect(readSettings("config: { 'homelab:addons': { argocd: { enabled: false } } }").addons).toEqual([]);
});

test("a salt and another secrets provider are read from the settings file", () => {
  expect(readSettings("encryptionsalt: v1:abc")).toMatchObject({ salt: "v1:abc", otherSecretsProvider: false });
  expect(readSettings("secretsprovider: awskms://key")).toMatchObject({ otherSecretsProvider: true });
});

test("settings that make no sense are left for the program to refuse", () => {
  expect(readSettings("")).toEqual({
    addons: [],
    machineKind: "undefined",
    mirrorAddresses: [],
    machineSystem: "Debian 12 (bookworm)",
    imagesFolder: "/var/lib/homelab/nspawn/images",
    otherSecretsProvider: false,
  });
  const text = "config: { 'homelab:machines': { kind: nspawn, network: { subnet: nonsense } } }";
  expect(readSettings(text)).toMatchObject({ machineKind: "nspawn", mirrorAddresses: [] });
});

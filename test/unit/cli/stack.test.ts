import * as fs from "node:fs";
import { chooseStack, readSettings } from "../../../lab/cli/stack";
import { places } from "../../../lab/cli/places";

test("without a wish the stack is the lab, and it is said why", () => {
  expect(chooseStack("")).toMatchObject({ name: "lab", machineKind: "nspawn", hasSalt: true });
  expect(chooseStack("").because).toContain("not built yet");
});

test("a wished stack needs its settings file", () => {
  expect(() => chooseStack("moon")).toThrow('there is no stack "moon": no file Pulumi.moon.yaml');
  expect(() => chooseStack("../lab")).toThrow('there is no stack "../lab"');
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

test("settings that make no sense are left for the program to refuse", () => {
  expect(readSettings("")).toEqual({
    machineKind: "undefined",
    mirrorAddresses: [],
    imagesFolder: "/var/lib/homelab/nspawn/images",
    hasSalt: false,
  });
  const text = "config: { 'homelab:machines': { kind: nspawn, network: { subnet: nonsense } } }";
  expect(readSettings(text)).toMatchObject({ machineKind: "nspawn", mirrorAddresses: [] });
});

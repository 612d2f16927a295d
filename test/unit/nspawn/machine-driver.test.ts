import { machineDriver } from "../../../providers/nspawn/machine-driver";
import type { MachineInputs, MachineOutputs } from "../../../providers/nspawn/machine";

const inputs: MachineInputs = {
  name: "cp1",
  address: "10.90.0.11",
  prefixLength: 24,
  gateway: "10.90.0.1",
  bridge: "homelab",
  image: { distribution: "debian", release: "bookworm" },
  stateDir: "/srv/lab",
  user: "homelab",
  authorizedKey: "ssh-ed25519 AAAA",
  hostKeyPublic: "ssh-ed25519 BBBB",
  hostKeyPrivate: "private",
  clientKey: "private too",
};
const recorded: MachineOutputs = { ...inputs, incarnation: "0a1b2c3d" };
const diff = (outputs: MachineOutputs, wanted: MachineInputs) => machineDriver.diff("cp1-0a1b2c3d", outputs, wanted);

test("what runs as it is wanted is left alone", () => {
  expect(diff(recorded, inputs)).toMatchObject({ changes: false, replaces: [] });
});

test.each<[keyof MachineInputs, unknown]>([
  ["name", "cp2"],
  ["address", "10.90.0.12"],
  ["bridge", "other"],
  ["image", { distribution: "debian", release: "trixie" }],
  ["hostKeyPublic", "ssh-ed25519 CCCC"],
  ["stateDir", "/srv/other"],
])("another %s makes the machine anew, the old one first", (name, value) => {
  const found = diff(recorded, { ...inputs, [name]: value });
  expect(found).toEqual({ changes: true, replaces: [name], deleteBeforeReplace: true });
});

test("another login key is set in place", () => {
  expect(diff(recorded, { ...inputs, authorizedKey: "ssh-ed25519 DDDD" })).toMatchObject({
    changes: true,
    replaces: [],
  });
});

test.each(["Foo_Bar", "", "-a", "a.b", "a".repeat(64), "$(id)"])("'%s' is refused as a name", (name) => {
  expect(machineDriver.check?.({ ...inputs, name }).failures).toEqual([expect.objectContaining({ property: "name" })]);
});

import { machineDriver } from "../../../providers/machines/nspawn/machine-driver";
import type { MachineInputs, MachineOutputs } from "../../../providers/machines/nspawn/machine";

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
])("another %s replaces the machine, the old one first", (name, value) => {
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

describe("a control plane", () => {
  const wanted = { ...inputs, controlPlane: true };
  const failures = (changes: Partial<MachineInputs>, before?: MachineInputs) =>
    machineDriver.check?.({ ...wanted, ...changes }, before).failures;

  test("is not replaced with the cluster on it: that is refused before anything is changed", () => {
    const image: MachineInputs["image"] = { ...inputs.image, release: "trixie" };
    expect(failures({ address: "10.90.0.77", image }, inputs)).toEqual([
      {
        property: "address",
        reason: expect.stringMatching(/^cp1: another address, image .*make down, then make up/) as string,
      },
    ]);
    expect(failures({ authorizedKey: "ssh-ed25519 DDDD" }, inputs)).toEqual([]);
    // What was recorded by an earlier checkout says nothing of it, and that is no change.
    expect(diff(recorded, wanted)).toMatchObject({ changes: false });
  });

  test("that is not there yet, and a worker, may be anything", () => {
    expect(failures({ address: "10.90.0.77" })).toEqual([]);
    expect(failures({ address: "10.90.0.77", controlPlane: false }, inputs)).toEqual([]);
  });
});

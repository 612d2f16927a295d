import type { MachineInputs, MachineOutputs } from "../../../providers/machines/multipass/machine";
import { multipassDriver } from "../../../providers/machines/multipass/driver";
import { ID, inputs, recorded } from "./vm";

const diff = (outputs: MachineOutputs, wanted: MachineInputs) => multipassDriver.diff(ID, outputs, wanted);
const failures = (changes: Partial<MachineInputs>) => multipassDriver.check?.({ ...inputs, ...changes }).failures;
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("what runs as it is wanted is left alone", () => {
  expect(diff(recorded, inputs)).toMatchObject({ changes: false, replaces: [] });
});

test("another login key is set in place", () => {
  expect(diff(recorded, { ...inputs, authorizedKey: "ssh-ed25519 DDDD" })).toMatchObject({
    changes: true,
    replaces: [],
  });
});

test.each<[keyof MachineInputs, unknown]>([
  ["cpus", 4],
  ["memory", "2G"],
  ["disk", "40G"],
  ["disk", "10G"],
])("another %s (%s) is no change of which machine it is", (name, value) => {
  expect(diff(recorded, { ...inputs, [name]: value })).toMatchObject({ changes: false, replaces: [] });
});

test.each<[keyof MachineInputs, unknown]>([
  ["name", "cp2"],
  ["image", "22.04"],
  ["networks", [{ name: "eth0", mode: "auto" }]],
  ["cloudInit", { timezone: "UTC" }],
  ["user", "other"],
  ["hostKeyPublic", "ssh-ed25519 CCCC"],
])("another %s replaces the VM, the old one first", (name, value) => {
  const found = diff(recorded, { ...inputs, [name]: value });
  expect(found).toEqual({ changes: true, replaces: [name], deleteBeforeReplace: true });
});

test("a VM that was found deleted is recreated, the old one first", () => {
  const found = diff({ ...recorded, deleted: true }, inputs);
  expect(found).toEqual({ changes: true, replaces: ["name"], deleteBeforeReplace: true });
});

test("a VM that is not finished is planned as an update", () => {
  expect(diff({ ...recorded, address: "" }, inputs)).toMatchObject({ changes: true, replaces: [] });
});

test("inputs that are right have no problem, nor have those that are not known yet", () => {
  expect(failures({})).toEqual([]);
  expect(failures({ hostKeyPublic: UNKNOWN, authorizedKey: UNKNOWN, memory: UNKNOWN })).toEqual([]);
});

test.each(["1cp", "Foo_Bar", "", "-a", "a-", "a.b", "a".repeat(64), "$(id)"])("'%s' is refused as a name", (name) => {
  expect(failures({ name })).toEqual([expect.objectContaining({ property: "name" })]);
});

test.each<[keyof MachineInputs, unknown, string]>([
  ["cpus", 0, "no number of CPUs"],
  ["cpus", 1.5, "no number of CPUs"],
  ["memory", "4 GB", "is no size"],
  ["memory", "64M", "less than 128M"],
  ["disk", "1.5", "is no size"],
  ["disk", "100M", "less than 512M"],
  ["networks", [{ name: "eth0,mode=manual", mode: "auto" }], "is not the name of a network"],
  ["cloudInit", { ssh_keys: {} }, "the VM's host key"],
])("%s: %j is refused before anything is made", (property, value, reason) => {
  expect(failures({ [property]: value })).toEqual([{ property, reason: expect.stringContaining(reason) as string }]);
});

test("a control plane is not replaced with the cluster on it: that is refused before anything is changed", () => {
  const check = (changes: Partial<MachineInputs>, before?: MachineInputs) =>
    multipassDriver.check?.({ ...inputs, controlPlane: true, ...changes }, before).failures;
  const image = inputs.image === "24.04" ? "22.04" : "24.04";
  expect(check({ image }, inputs)).toEqual([
    { property: "image", reason: expect.stringMatching(/another image .*make down, then make up/) as string },
  ]);
  expect(check({ cpus: inputs.cpus + 1 }, inputs)).toEqual([]);
  expect(check({ image })).toEqual([]);
  expect(check({ image, controlPlane: false }, inputs)).toEqual([]);
  expect(diff(recorded, { ...inputs, controlPlane: true })).toMatchObject({ changes: false });
});

import type { MachineInputs, MachineOutputs } from "../../../providers/multipass/machine";
import { multipassDriver } from "../../../providers/multipass/driver";
import { ID, inputs, recorded } from "./vm";

const diff = (outputs: MachineOutputs, wanted: MachineInputs) => multipassDriver.diff(ID, outputs, wanted);
const failures = (changes: Partial<MachineInputs>) => multipassDriver.check?.({ ...inputs, ...changes }).failures;
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("what runs as it is wanted is left alone", () => {
  expect(diff(recorded, inputs)).toMatchObject({ changes: false, replaces: [] });
});

test("a size that is only written otherwise is no change", () => {
  expect(diff(recorded, { ...inputs, memory: "1024M", disk: "21474836480" })).toMatchObject({ changes: false });
});

test.each<[keyof MachineInputs, unknown]>([
  ["cpus", 4],
  ["cpus", 1],
  ["memory", "2G"],
  ["memory", "512M"],
  ["disk", "20.5G"],
  ["authorizedKey", "ssh-ed25519 DDDD"],
])("another %s (%s) is set in place", (name, value) => {
  expect(diff(recorded, { ...inputs, [name]: value })).toMatchObject({ changes: true, replaces: [] });
});

test.each<[keyof MachineInputs, unknown]>([
  ["name", "cp2"],
  ["image", "22.04"],
  ["networks", [{ name: "eth0", mode: "auto" }]],
  ["cloudInit", { timezone: "UTC" }],
  ["user", "other"],
  ["hostKeyPublic", "ssh-ed25519 CCCC"],
])("another %s makes the VM anew, the old one first", (name, value) => {
  const found = diff(recorded, { ...inputs, [name]: value });
  expect(found).toEqual({ changes: true, replaces: [name], deleteBeforeReplace: true });
});

test("a smaller disk is refused, with both sizes and what to do", () => {
  expect(() => diff(recorded, { ...inputs, disk: "10G" })).toThrow(
    /^cp1: the VM's disk has 20G and can't be made smaller \(10G\).*`multipass delete --purge cp1`/,
  );
});

test("a VM that is made anew anyway may have a smaller disk", () => {
  expect(diff(recorded, { ...inputs, disk: "10G", image: "22.04" })).toMatchObject({ replaces: ["image"] });
});

test("a VM that was found stopped is started by an update", () => {
  expect(diff({ ...recorded, state: "Stopped" }, inputs)).toMatchObject({ changes: true, replaces: [] });
});

test("a VM that was found deleted is made anew, the old one first", () => {
  const found = diff({ ...recorded, state: "Deleted" }, inputs);
  expect(found).toEqual({ changes: true, replaces: ["name"], deleteBeforeReplace: true });
});

test("a VM whose address changed is planned as an update", () => {
  expect(diff({ ...recorded, currentAddress: "127.0.0.9" }, inputs)).toMatchObject({ changes: true, replaces: [] });
});

test("a VM that is not finished is planned as an update", () => {
  expect(diff({ ...recorded, address: "", currentAddress: "" }, inputs)).toMatchObject({ changes: true, replaces: [] });
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
  ["networks", [{ name: "eth0,mode=manual", mode: "auto" }], "no name of a network"],
  ["cloudInit", { ssh_keys: {} }, "the VM's host key"],
])("%s: %j is refused before anything is made", (property, value, reason) => {
  expect(failures({ [property]: value })).toEqual([{ property, reason: expect.stringContaining(reason) as string }]);
});

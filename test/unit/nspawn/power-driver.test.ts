import { powerDriver, type PowerInputs, type PowerOutputs } from "../../../providers/machines/nspawn/power-driver";
import { bootId } from "../../../providers/machines/nspawn/process";

const inputs: PowerInputs = {
  name: "cp1",
  bridge: "homelab",
  stateDir: "/srv/lab",
  incarnation: "0a1b2c3d",
  address: "10.90.0.11",
  user: "homelab",
  hostKeyPublic: "ssh-ed25519 BBBB",
  clientKey: "private",
};
const recorded: PowerOutputs = { ...inputs, running: true, bootId: bootId() ?? "" };
const diff = (outputs: PowerOutputs, wanted: PowerInputs) => powerDriver.diff("cp1", outputs, wanted);

test("a machine that runs is left alone", () => {
  expect(diff(recorded, inputs)).toMatchObject({ changes: false });
});

test("a machine that was found stopped is started by an update", () => {
  expect(diff({ ...recorded, running: false }, inputs)).toMatchObject({ changes: true, replaces: [] });
});

test("after a restart of the workstation its machines are started by an update", () => {
  expect(diff({ ...recorded, bootId: "an earlier boot" }, inputs)).toMatchObject({ changes: true, replaces: [] });
});

test("a machine that was recreated is waited for again", () => {
  expect(diff(recorded, { ...inputs, incarnation: "ffffffff" })).toMatchObject({ changes: true, replaces: [] });
});

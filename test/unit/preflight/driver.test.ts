import type { SshTarget } from "../../../providers/host/ssh/target";
import { preflightDriver, type PreflightInputs, type PreflightOutputs } from "../../../providers/host/preflight/driver";
import type { PreflightHost } from "../../../providers/host/preflight/hosts";
import { rememberInspected, takeInspected } from "../../../providers/host/preflight/cache";
import { EXPECTED } from "./expectations";

const host = (number: number): PreflightHost => {
  const role = number === 1 ? "control-plane" : "worker";
  return { name: `n${number}`, role, address: `10.0.0.${number}`, incarnation: "a", sharedKernel: false };
};
/** An address of RFC 5737: nothing answers there, so a connection would take its whole limit. */
const target = (number: number): SshTarget => ({
  ...{ name: `n${number}`, host: "192.0.2.1", port: 22, user: "u", hostKey: "k", privateKey: "p" },
});
const facts = (number: number) => {
  return { hostname: `h${number}`, machineId: `id${number}`, productUuid: "", macs: [], resolved: true };
};
const inputs: PreflightInputs = {
  hosts: [host(1), host(2)],
  targets: [target(1), target(2)],
  expected: EXPECTED,
};
const recorded: PreflightOutputs = {
  hosts: inputs.hosts,
  checked: { n1: facts(1), n2: facts(2) },
  unchecked: [],
};
const changes = (wanted: PreflightInputs, before = recorded) =>
  preflightDriver.diff("preflight", before, wanted).changes;

test("the preflight is not repeated for hosts that are the same", () => {
  expect(changes(inputs)).toBe(false);
  expect(changes({ ...inputs, targets: [], expected: { ...inputs.expected, ignored: ["Mem"] } })).toBe(false);
});

test("the preflight is repeated for a host that is new, replaced, or was not reached", () => {
  expect(changes({ ...inputs, hosts: [...inputs.hosts, host(3)] })).toBe(true);
  expect(changes({ ...inputs, hosts: [host(1), { ...host(2), incarnation: "b" }] })).toBe(true);
  expect(changes(inputs, { ...recorded, unchecked: ["n2"] })).toBe(true);
});

test("a host that was inspected before is compared by what is recorded, without a connection", async () => {
  const without = { ...inputs, hosts: [host(1)], targets: [target(1)] };
  expect(await preflightDriver.update?.("preflight", recorded, without)).toEqual({
    hosts: [host(1)],
    checked: { n1: facts(1) },
    unchecked: [],
  });
  const twins = { ...recorded, checked: { n1: facts(1), n2: { ...facts(2), machineId: "id1" } } };
  await expect(preflightDriver.update?.("preflight", twins, inputs)).rejects.toThrow(
    /^n1, n2: the preflight ended with 1 finding\. Nothing was changed on any host\.\n[^]*machine-id is the same \(id1\)/,
  );
});

test("neither keys nor passwords are among the outputs", async () => {
  expect(Object.keys((await preflightDriver.update?.("preflight", recorded, inputs)) ?? {})).not.toContain("targets");
});

test("what the preflight saw of a host serves its inspection once, and a failure fails it", () => {
  const look = { report: { facts: {}, steps: {}, folder: "" }, clockAheadSeconds: 0 };
  rememberInspected(target(1), look);
  rememberInspected(target(2), new Error("refused the key"));
  expect(takeInspected(target(1))).toBe(look);
  expect(takeInspected(target(1))).toBeUndefined();
  expect(() => takeInspected(target(2))).toThrow("refused the key");
});

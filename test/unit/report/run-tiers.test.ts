import { planned } from "../../report/run-tiers";
import { E2E_TIERS, TEST_TIERS, VM_TIERS } from "../../report/tiers";

/** The names of tiers, in the places where they run. */
function namesOf(tiers: Parameters<typeof planned>[0], machines = true) {
  const { alone, together, beside } = planned(tiers, machines);
  const names = (some: readonly { name: string }[]) => some.map(({ name }) => name).join(" ");
  return { alone: names(alone), together: names(together), beside: beside.map(names) };
}

test("tiers on machines are one run of jest, with what computes and the emulated host each in a lane beside it", () => {
  expect(namesOf([...TEST_TIERS, ...E2E_TIERS])).toEqual({
    alone: "unit program engine",
    together: "host cluster",
    beside: ["lint go", "vm"],
  });
});

test("a tier that runs beside others runs by itself where there are none, and so do tiers that can't have machines", () => {
  const [vm] = TEST_TIERS.filter(({ name }) => name === "vm");
  expect(namesOf(vm ? [vm] : [])).toEqual({ alone: "vm", together: "", beside: ["", ""] });
  expect(namesOf(TEST_TIERS, false).alone).toBe("lint unit program engine host vm go");
  expect(namesOf(VM_TIERS)).toEqual({ alone: "", together: "e2e-vm", beside: ["", ""] });
});

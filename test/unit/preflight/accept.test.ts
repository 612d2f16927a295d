import { ACCEPTABLE, FINDINGS } from "../../../providers/host/preflight/finding-names";
import type { Finding } from "../../../providers/host/preflight/hosts";
import { notAccepted } from "../../../providers/host/preflight/judge";
import { findingsTable } from "../../../providers/host/preflight/table";
import { parseSettings } from "../../../settings";

const DISK: Finding = { hosts: ["w1"], name: "little-disk", problem: "/var has 1 MiB free", action: "make room" };
const CLOCK: Finding = { hosts: ["w1", "w2"], name: "clock", problem: "the clock is off", action: "set it" };

const warned = jest.spyOn(console, "warn").mockImplementation(() => undefined);
beforeEach(() => warned.mockClear());

test("an accepted finding is a warning that says what accepting it means", () => {
  expect(notAccepted([DISK], ["little-disk"])).toEqual([]);
  expect(warned.mock.calls).toEqual([
    [`w1: /var has 1 MiB free; accepted as little-disk: ${FINDINGS["little-disk"].accepted}`],
  ]);
});

test("nothing goes on while one finding isn't accepted, and then nothing is called accepted", () => {
  expect(notAccepted([DISK, CLOCK], ["little-disk"])).toEqual([CLOCK]);
  expect(notAccepted([DISK], ["same-mac"])).toEqual([DISK]);
  expect(warned).not.toHaveBeenCalled();
});

test("the table says how to accept a finding that can be accepted, and of no other", () => {
  const line = (finding: Finding) => findingsTable([finding], finding.hosts).replace(/\s+/g, " ");
  expect(line(DISK)).toContain("preflight.accept: [little-disk]");
  expect(line(CLOCK)).not.toContain("preflight.accept");
});

test("every name that can be accepted is taken by the settings, and every other is refused with its reason", () => {
  const machines = { kind: "nspawn", nodes: [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }] };
  const { settings } = parseSettings({ machines, preflight: { accept: [...ACCEPTABLE] } });
  expect(settings?.preflight.accept).toEqual(ACCEPTABLE);
  for (const [name, kind] of Object.entries(FINDINGS)) {
    if (!("refused" in kind)) continue;
    expect(parseSettings({ machines, preflight: { accept: [name] } }).problems).toEqual([
      `preflight.accept[0]: "${name}" can't be accepted: ${kind.refused}`,
    ]);
  }
});

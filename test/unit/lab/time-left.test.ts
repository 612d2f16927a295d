import { minutesLeft, whyNoTimeFor } from "../../../lab/addons/time-left";

const NOW = new Date("2026-01-01T00:00:00Z").getTime();
const before = process.env.HOMELAB_ENDS_AT;

/** What is said of a build of eight minutes when the run ends in so many minutes. */
function saidWith(minutesLeft: number): string | undefined {
  process.env.HOMELAB_ENDS_AT = String(NOW / 1000 + minutesLeft * 60);
  return whyNoTimeFor("Argo CD", 8, NOW);
}

afterEach(() => {
  if (before === undefined) delete process.env.HOMELAB_ENDS_AT;
  else process.env.HOMELAB_ENDS_AT = before;
});

test("a run without an end has time for everything", () => {
  delete process.env.HOMELAB_ENDS_AT;
  expect(whyNoTimeFor("Argo CD", 8, NOW)).toBeUndefined();
  expect(minutesLeft(NOW)).toBeUndefined();
});

test("a run that ends late enough builds; one that ends too soon says what it has no time for", () => {
  expect(saidWith(38)).toBeUndefined();
  expect(minutesLeft(NOW + 30_000)).toBe(37);
  expect(saidWith(37)).toBe(
    "Argo CD is not built on this workstation yet; that takes 8 minutes, and the run ends in 37",
  );
});

import { HostError, type HostErrorKind } from "../../../providers/host/ssh/errors";
import { skipIfUnreachable } from "../../../providers/host/ssh/skip-if-unreachable";

let warnings: string[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(console, "warn").mockImplementation((text: string) => void warnings.push(text));
});
afterEach(() => jest.restoreAllMocks());

const failing = (kind: HostErrorKind, problem: string) => async () => {
  throw new HostError({ kind, host: "w1", doing: "leaving", problem, action: "Do something" });
};

test("a host that can't be reached is gone, and the warning says what is left to do", async () => {
  await skipIfUnreachable("leaving", failing("unreachable", "no SSH session"), "If it comes back, wipe it");
  expect(warnings).toEqual([
    "leaving: skipped, w1: leaving failed: no SSH session. Do something. If it comes back, wipe it",
  ]);
});

test("a host whose place another machine has taken is gone too", async () => {
  await skipIfUnreachable("leaving", failing("host-key", "10.0.0.1:22 shows the host key B, and A is pinned"));
  expect(warnings).toEqual([expect.stringMatching(/^leaving: skipped, there is another machine now, .* A is pinned/)]);
});

test.each([
  ["a bastion that is another machine", "host-key", "its bastion 10.0.0.1:22 shows the host key B"],
  ["a refused login", "authentication", "refused the key"],
  ["a command that failed", "command", "exit code 1"],
] as const)("%s doesn't say that the host is gone", async (_what, kind, why) => {
  await expect(skipIfUnreachable("leaving", failing(kind, why))).rejects.toThrow(why);
  expect(warnings).toEqual([]);
});

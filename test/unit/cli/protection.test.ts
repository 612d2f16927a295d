import { knownAdvice } from "../../../cli/known-failures";
import { protectingSettings } from "../../../cli/protection";

test("what refuses to be removed is freed by its own setting", () => {
  expect(protectingSettings(["cp1-kubeadm"])).toBe("machines.protect: false");
  expect(protectingSettings(["longhorn-release"])).toBe("addons.longhorn.protect: false");
  expect(protectingSettings(["cp1-kubeadm", "longhorn-release"])).toBe(
    "machines.protect: false and addons.longhorn.protect: false",
  );
});

test("longhorn-uninstall: where Longhorn's job refused, it is said where its reason is and how the flag is set", () => {
  const advice = knownAdvice("error: 1 error occurred: * job longhorn-uninstall failed: BackoffLimitExceeded");
  expect(advice).toContain("logs job/longhorn-uninstall");
  expect(advice).toContain("patch settings.longhorn.io deleting-confirmation-flag");
  expect(knownAdvice("error: the job of somebody else failed")).toBeUndefined();
});

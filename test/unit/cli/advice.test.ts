import { knownAction, nextSteps, protectingSettings } from "../../../cli/advice";

const KUBECTL = "/opt/kubectl";

test("the commands to type next are those of the stack that was named", () => {
  const text = nextSteps({ kubectl: KUBECTL, isProtected: false });
  expect(text).toContain("make -s kubeconfig > .homelab/kubeconfig");
  expect(text).toContain(`${KUBECTL} --kubeconfig .homelab/kubeconfig get pods -A`);
  expect(text).toMatch(/To remove it:\n {2}make down$/);
  expect(nextSteps({ stack: "lab", kubectl: KUBECTL, isProtected: false })).toMatch(/\n {2}make STACK=lab down$/);
});

test("a protected cluster is not said to go by a command that refuses", () => {
  const text = nextSteps({ stack: "metal", kubectl: KUBECTL, isProtected: true });
  expect(text).toContain("machines.protect: false in Pulumi.metal.yaml");
  expect(text).toMatch(/\n {2}make STACK=metal up && make STACK=metal down$/);
});

test("what refuses to be removed is freed by its own setting", () => {
  expect(protectingSettings(["cp1-kubeadm"])).toBe("machines.protect: false");
  expect(protectingSettings(["longhorn-release"])).toBe("addons.longhorn.protect: false");
  expect(protectingSettings(["cp1-kubeadm", "longhorn-release"])).toBe(
    "machines.protect: false and addons.longhorn.protect: false",
  );
});

test("longhorn-uninstall: where Longhorn's job refused, it is said where its reason is and how the flag is set", () => {
  const action = knownAction("error: 1 error occurred: * job longhorn-uninstall failed: BackoffLimitExceeded");
  expect(action).toContain("logs job/longhorn-uninstall");
  expect(action).toContain("patch settings.longhorn.io deleting-confirmation-flag");
  expect(knownAction("error: another job failed")).toBeUndefined();
});

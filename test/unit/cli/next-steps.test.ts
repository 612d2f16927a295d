import { nextSteps } from "../../../cli/next-steps";

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

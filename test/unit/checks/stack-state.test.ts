import { inClear, resourceName, urnParts } from "../../../checks/stack-state";

test("a URN has the stack, the project, the types of a resource and its parent, and a name", () => {
  expect(urnParts("urn:pulumi:lab::homelab::homelab:node:PreparedNode$command:remote:Command::cp1-swap")).toEqual({
    stack: "lab",
    project: "homelab",
    parentType: "homelab:node:PreparedNode",
    type: "command:remote:Command",
    name: "cp1-swap",
  });
  expect(urnParts("urn:pulumi:lab::homelab::pulumi:pulumi:Stack::homelab-lab")).toEqual({
    stack: "lab",
    project: "homelab",
    type: "pulumi:pulumi:Stack",
    name: "homelab-lab",
  });
});

test("a name may have the separator of URNs in it", () => {
  expect(resourceName({ urn: "urn:pulumi:lab::homelab::a:b:C::one::two" })).toBe("one::two");
});

test("what is no URN is refused", () => {
  expect(() => urnParts("cp1")).toThrow("cp1 is no URN");
});

test("a secret of an export in clear is JSON inside JSON", () => {
  const mark = "4dabf18193072939515e22adb298388d";
  expect(inClear({ [mark]: "1b47061264138c4ac30d75fd1eb44270", plaintext: '"abc"' })).toBe("abc");
  expect(inClear({ a: 1 })).toEqual({ a: 1 });
  expect(inClear(undefined)).toBeUndefined();
});

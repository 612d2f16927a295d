import { compare } from "bcryptjs";
import { passwordDriver } from "../../../providers/argocd/password-driver";

test("without one in the settings a password is made, another each time", async () => {
  const [one, other] = [await passwordDriver.create({ given: "" }), await passwordDriver.create({ given: "" })];
  expect(one.outputs.password.length).toBeGreaterThanOrEqual(20);
  expect(one.outputs.password).not.toBe(other.outputs.password);
  expect(await compare(one.outputs.password, one.outputs.hash)).toBe(true);
});

test("a password of the settings is taken, and a changed one changes the hash and ends old sessions", async () => {
  const { outputs } = await passwordDriver.create({ given: "first" });
  expect(outputs.password).toBe("first");
  expect(passwordDriver.diff("admin", outputs, { given: "first" }).changes).toBe(false);
  expect(passwordDriver.diff("admin", outputs, { given: "second" })).toMatchObject({ changes: true, replaces: [] });
  const changed = await passwordDriver.update?.("admin", outputs, { given: "second" });
  expect(await compare("second", changed?.hash ?? "")).toBe(true);
  expect(changed?.changedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});

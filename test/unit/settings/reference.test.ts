import { readFileSync } from "node:fs";
import { PAGE, settingsPage } from "../../../docs/generate-settings";

it("the reference page is what the schema says (else: npx tsx docs/generate-settings.ts)", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(settingsPage());
});

it("the reference page describes every setting in it", () => {
  const undescribed = settingsPage()
    .split("\n")
    .filter((line) => line.startsWith("| `") && /\|\s*\|$/.test(line));
  expect(undescribed).toEqual([]);
});

it.each([
  ["addons.tailscale.tags", "`tag:k8s-operator`"],
  ["addons.tailscale.proxyTags", "`tag:k8s`"],
  ["addons.tailscale.machines.tags", "`tag:k8s-node`"],
  ["addons.cilium.enabled", "`true`"],
])("the reference page says the default of %s, whether it is one value or a list", (setting, standard) => {
  const row = settingsPage()
    .split("\n")
    .find((line) => line.startsWith(`| \`${setting}\``));
  expect(row?.split("|")[3]?.trim()).toBe(standard);
});

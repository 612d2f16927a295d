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

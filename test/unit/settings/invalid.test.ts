import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseSettings } from "../../../settings";
import { root, settingsIn } from "./stack-file";

const folder = "test/fixtures/settings/invalid";
const names = readdirSync(path.join(root, folder))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => path.basename(file, ".yaml"));

describe("settings with mistakes", () => {
  it("are tried in at least 25 ways", () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
  });

  it.each(names)("are refused with the message that is written down: %s", (name) => {
    const expected = readFileSync(path.join(root, folder, `${name}.txt`), "utf8").trimEnd();
    expect(parseSettings(settingsIn(`${folder}/${name}.yaml`)).problems?.join("\n")).toBe(expected);
  });
});

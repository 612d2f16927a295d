import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ACCEPTABLE } from "../../../providers/host/preflight/finding-names";
import { parseSettings } from "../../../settings";
import { parseStackFile } from "../../../settings/stack-file";
import { sandboxImage, supported, versions } from "../../../versions";
import { root } from "./stack-file";

const folder = path.join(root, "test/fixtures/settings/invalid");
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => path.basename(file, ".yaml"));

/** `{kubernetes}` in a fixture is the pinned version, and `{cilium}`, `{from}` and `{to}` what Cilium is made for. */
function fixture(file: string): string {
  const words: Record<string, string> = {
    kubernetes: versions.kubernetes,
    sandboxImage,
    acceptable: ACCEPTABLE.join(", "),
    ...supported.ciliumKubernetesMinors,
  };
  return readFileSync(path.join(folder, file), "utf8").replace(
    /\{(\w+)\}/g,
    (whole, name: string) => words[name] ?? whole,
  );
}

describe("settings with mistakes", () => {
  it("are tried in at least 25 ways", () => {
    expect(names.length).toBeGreaterThanOrEqual(25);
  });

  it.each(names)("are refused with the message that is written down: %s", (name) => {
    const { settings } = parseStackFile(fixture(`${name}.yaml`));
    expect(parseSettings(settings).problems?.join("\n")).toBe(fixture(`${name}.txt`).trimEnd());
  });
});

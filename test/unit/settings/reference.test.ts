import { readFileSync } from "node:fs";
import path from "node:path";
import { load } from "js-yaml";
import { z } from "zod";
import { PAGE, SCHEMA_FILE, schemaText, settingsPage } from "../../../docs/generate-settings";
import { root } from "./stack-file";

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

describe("settings.schema.json", () => {
  const text = readFileSync(SCHEMA_FILE, "utf8");
  const problemsIn = (file: unknown): string[] => {
    const checked = z.fromJSONSchema(JSON.parse(text) as z.core.JSONSchema.JSONSchema).safeParse(file);
    return checked.error?.issues.map(({ path: at }) => at.join(".")) ?? [];
  };
  const stackFile = (stack: string) => readFileSync(path.join(root, `Pulumi.${stack}.yaml`), "utf8");

  it("is what the schema says (else: npx tsx docs/generate-settings.ts)", () => {
    expect(text).toBe(schemaText());
  });

  it.each(["lab", "local", "metal"])("accepts the stack file of %s, which names it for editors", (stack) => {
    expect(problemsIn(load(stackFile(stack)))).toEqual([]);
    expect(stackFile(stack)).toMatch(/^# yaml-language-server: \$schema=settings\.schema\.json\n/);
  });

  const machines = { kind: "multipass", nodes: [{ name: "cp1", role: "control-plane" }] };
  it.each<[string, object]>([
    ["a setting that doesn't exist", { cluster: { podsubnet: "10.0.0.0/16" } }],
    ["a section that doesn't exist", { clutser: {} }],
    ["a secret that isn't encrypted", { addons: { argocd: { adminPassword: "c4n4ry" } } }],
    ["a number where a list belongs", { cluster: { certSANs: 7 } }],
  ])("marks %s", (_, settings) => {
    const config = Object.entries({ machines, ...settings }).map(([name, value]) => [
      `homelab:${name}`,
      value as unknown,
    ]);
    expect(problemsIn({ config: Object.fromEntries(config) as object })).not.toEqual([]);
  });

  it("leaves other projects' settings, numbers in place of text, and encrypted secrets alone", () => {
    const addons = { argocd: { enabled: true, adminPassword: { secure: "v1:abc" } } };
    const sysctls = { "net.core.somaxconn": 4096 };
    const config = {
      "homelab:machines": machines,
      "homelab:addons": addons,
      "homelab:sysctls": sysctls,
      "aws:region": "x",
    };
    expect(problemsIn({ config, encryptionsalt: "v1:abc" })).toEqual([]);
  });
});

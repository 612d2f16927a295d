import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { dump } from "js-yaml";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings } from "../../../settings";

const machines = { kind: "nspawn", nodes: [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }] };

function configure(config: Record<string, unknown>, secretKeys: string[] = []) {
  const text = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(text) as Record<string, string>, secretKeys);
}

function failure(): Error {
  try {
    loadSettings();
  } catch (error) {
    return error as Error;
  }
  throw new Error("the settings were accepted");
}

beforeAll(async () => {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "homelab", "attic");
});

describe("the settings of a stack", () => {
  it("are read from the project's own keys alone", () => {
    configure({ "homelab:machines": machines, "aws:region": "eu-central-1" });
    expect(loadSettings().machines.nodes[0]?.name).toBe("cp1");
  });

  it("windows: are refused there before they are read, also where pulumi is typed by hand", () => {
    configure({});
    expect(() => loadSettings("win32")).toThrow(
      /^this workstation runs Windows, and the program needs Linux or macOS; nothing was changed\. Run it in WSL2/,
    );
  });

  it("fail with one message without a stack trace that has every problem, what is allowed and what to do", () => {
    configure({ "homelab:machines": { ...machines, kind: "metl" }, "homelab:cluster": "small", "homelab:gitopps": {} });
    const error = failure();
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect(error.message).toBe(
      [
        "the settings of stack 'attic' have 3 problems; nothing was changed:",
        '  machines.kind: "metl" is not allowed; did you mean "metal"? allowed: nspawn, multipass, metal',
        '  cluster: "small" is not a mapping',
        '  gitopps: is not a known setting; did you mean "gitops"?',
        "Correct Pulumi.attic.yaml. docs/settings.md describes every setting.",
      ].join("\n"),
    );
  });

  it("don't show the value of a key that is encrypted", () => {
    configure({ "homelab:machines": machines, "homelab:cluster": "hunter2" }, ["homelab:cluster"]);
    expect(failure().message).toContain("cluster: the value (not shown) is not a mapping");
  });

  it("mirror-impostor: take the fingerprint of a mirror's key from the file that make has written, or say that it is not there", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "homelab-settings-"));
    const startedIn = process.cwd();
    const mirrors = { apt: { docker: { fingerprint: "./key" }, kubernetes: { fingerprint: "./no-key" } } };
    const print = "57f5 CB79 EC91 87FF E699  9723 780B C197 2795 971C";
    process.chdir(folder);
    try {
      configure({ "homelab:machines": machines, "homelab:mirrors": mirrors });
      const problem = (name: string, file: string, what: string) =>
        `  mirrors.apt.${name}.fingerprint: what is in ${file} ${what}. \`make up\` and \`make preview\` write the lab's; for another stack write the fingerprint itself`;
      expect(failure().message.split("\n").slice(1, 3)).toEqual([
        problem("kubernetes", "./no-key", "can't be read"),
        problem("docker", "./key", "can't be read"),
      ]);
      writeFileSync("no-key", "no key\n");
      writeFileSync("key", `${print}\n`);
      expect(failure().message).toContain("what is in ./no-key is not the fingerprint of an OpenPGP key");
      writeFileSync("no-key", print);
      expect(loadSettings().mirrors.apt.docker.fingerprint).toBe(print.replaceAll(" ", "").toUpperCase());
    } finally {
      process.chdir(startedIn);
      rmSync(folder, { recursive: true });
    }
  });

  it("are refused where the stack's file has a secret in clear beside an encrypted one", () => {
    const folder = mkdtempSync(path.join(tmpdir(), "homelab-settings-"));
    const oauth = (clientSecret: unknown) => ({ tailscale: { enabled: true, oauth: { clientId: "k", clientSecret } } });
    const addons = { ...oauth({ secure: "v1:abc" }), argocd: { enabled: true, adminPassword: "c4n4ry-password" } };
    writeFileSync(path.join(folder, "Pulumi.attic.yaml"), dump({ config: { "homelab:addons": addons } }));
    configure({ "homelab:machines": machines, "homelab:addons": { ...addons, ...oauth("s") } }, ["homelab:addons"]);
    const elsewhere = jest.spyOn(process, "cwd").mockReturnValue(folder);
    try {
      expect(failure().message).toMatch(/addons\.argocd\.adminPassword: is not encrypted/);
      expect(failure().message).not.toMatch(/clientSecret|c4n4ry/);
    } finally {
      elsewhere.mockRestore();
      rmSync(folder, { recursive: true });
    }
  });
});

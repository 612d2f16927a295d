import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { dump, load } from "js-yaml";
import { createTarGzip } from "nanotar";
import { PUBLISHED_PASSPHRASES } from "../../settings/stack-file";
import { ApiServer } from "../harness/api/api-server";
import { LabStack } from "../harness/stacks/lab-stack";
import { leaksInFolder, leaksInText, type Secret } from "../harness/stacks/secret-search";
import type { Wanted } from "./canary-program";

/** Encrypted values of the settings, from the stack's file through the real engine and the Kubernetes plugin into the state. */

jest.setTimeout(10 * 60_000);

const VALUES = "homelab:addons.cilium.values";
const TOKEN: Secret = { name: "token", value: "c4n4ry-token" };
const OTHER: Secret = { name: "other token", value: "c4n4ry-other" };
const LISTED: Secret = { name: "listed", value: "c4n4ry-listed" };
const secrets = [TOKEN, OTHER, LISTED];
const LARGEST = "9223372036854775807";

const TEMPLATE = `apiVersion: v1
kind: Secret
metadata:
  name: canary
stringData:
  token: {{ .Values.token | quote }}
  listed: {{ index .Values.list 0 | quote }}
  plain: {{ .Values.plain | quote }}
`;

let folder: string;
let api: ApiServer;
let stack: LabStack;
const outputs: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "canary-engine-"));
  api = await ApiServer.start();
  const chart = path.join(folder, "canary-1.0.0.tgz");
  const files = [
    { name: "canary/Chart.yaml", data: dump({ apiVersion: "v2", name: "canary", version: "1.0.0" }) },
    { name: "canary/templates/secret.yaml", data: TEMPLATE },
  ];
  await writeFile(chart, await createTarGzip(files));
  process.env.TEST_CANARY = path.join(folder, "wanted.json");
  const wanted: Wanted = { kubeconfig: api.kubeconfig, chart };
  await writeFile(process.env.TEST_CANARY, JSON.stringify(wanted), { mode: 0o600 });
  const program = "test/engine/canary-program.ts";
  stack = await LabStack.create({ name: "can", roles: ["control-plane"], mirror: false, program });
  await stack.change((settings) => {
    settings["homelab:addons"] = { cilium: { values: { plain: "in-clear", list: [""] } } };
  });
  await stack.setSecrets([
    [`${VALUES}.token`, TOKEN.value],
    [`${VALUES}.list[0]`, LISTED.value],
  ]);
});

afterAll(async () => {
  await stack?.remove();
  await api?.end();
  await rm(folder, { recursive: true, force: true });
});

/** What the chart made of a value. */
async function deployed(name: string): Promise<string> {
  const { data } = await api.request<{ data: Record<string, string> }>(
    "GET",
    "/api/v1/namespaces/default/secrets/canary",
  );
  return Buffer.from(data[name] ?? "", "base64").toString();
}

async function preview(): Promise<string> {
  const texts = [await stack.previewText(), (await stack.pulumi("preview", "--json")).output];
  outputs.push(...texts);
  return texts.join("\n");
}

test("secret-unwrapped: a chart gets its encrypted values, and previews show the plain ones alone", async () => {
  expect(await preview()).toContain("in-clear");
  outputs.push((await stack.up()).output);
  expect([await deployed("token"), await deployed("listed"), await deployed("plain")]).toEqual([
    TOKEN.value,
    LISTED.value,
    "in-clear",
  ]);
  expect(await stack.output("shown")).toEqual(
    expect.arrayContaining([expect.stringMatching(/^token = "\(encrypted\)"/)]),
  );
  expect(await stack.plan()).toEqual([]);
});

test("secret-unwrapped: another secret is one update, which doesn't show it, and a refresh finds no change", async () => {
  await stack.setSecrets([[`${VALUES}.token`, OTHER.value]]);
  expect(await stack.planned()).toEqual(["update canary-release"]);
  await preview();
  outputs.push((await stack.up()).output);
  expect(await deployed("token")).toBe(OTHER.value);
  outputs.push((await stack.refresh()).output);
  expect(await stack.plan()).toEqual([]);
});

test("secret-canary: none of them is in the state, its backups and history, nor in an output; a planted leak is found", async () => {
  outputs.push((await stack.pulumi("stack", "history", "--json")).output, await stack.exportedState());
  expect(leaksInText("outputs", outputs.join("\n"), secrets)).toEqual([]);
  const state = path.join(stack.folder, ".pulumi");
  expect(await leaksInFolder(state, secrets)).toEqual([]);
  // As the state was before encrypted values were told from others.
  await stack.change((settings) => {
    const { cilium } = settings["homelab:addons"] as { cilium: { values: Record<string, unknown> } };
    cilium.values["planted"] = LISTED.value;
  });
  await stack.up();
  expect(await leaksInFolder(state, secrets)).toContainEqual(expect.stringMatching(/^listed in /));
});

test("secret-unwrapped: an encrypted label is refused by an up that makes nothing, and is not shown", async () => {
  const at = "homelab:machines.nodes[0].labels.canary";
  await stack.setSecrets([[at, TOKEN.value]]);
  const { exitCode, output } = await stack.tryUp();
  expect(exitCode).not.toBe(0);
  expect(output).toContain("machines.nodes[0].labels.canary: is encrypted, and would be in clear in scripts");
  expect(output).not.toContain(TOKEN.value);
  await stack.change(({ "homelab:machines": { nodes } }) => delete nodes[0]?.["labels"]);
});

test("integer-64: Pulumi hands integers of 64 bits on with all digits", async () => {
  await stack.change((settings) => (settings["homelab:sysctls"] = { "fs.file-max": "DIGITS" }));
  const text = await readFile(stack.settingsFile, "utf8");
  await writeFile(stack.settingsFile, text.replace("DIGITS", LARGEST));
  await stack.up();
  expect(await stack.output("sysctls")).toEqual({ "fs.file-max": LARGEST });
});

test("secret-published-salt: beside the published passphrase a secret is refused until the passphrase is changed as the message says", async () => {
  const [[salt, passphrase] = ["", ""]] = Object.entries(PUBLISHED_PASSPHRASES);
  const name = `${stack.name}-published`;
  const file = path.join(stack.project, `Pulumi.${name}.yaml`);
  const { config } = load(await readFile(stack.settingsFile, "utf8")) as { config: Record<string, unknown> };
  const plain = {
    "homelab:machines": config["homelab:machines"],
    "homelab:addons": { cilium: { values: { plain: "in-clear", list: ["a"], token: "b" } } },
  };
  await writeFile(file, dump({ config: plain, encryptionsalt: salt }));
  const pulumi = (env: object, input: string, ...args: string[]) =>
    execa("pulumi", args, {
      cwd: stack.project,
      env: { ...stack.environment, PULUMI_CONFIG_PASSPHRASE: passphrase, ...env },
      input,
      all: true,
      reject: false,
    });
  try {
    expect((await pulumi({}, "", "stack", "init", name)).exitCode).toBe(0);
    // Where there is no secret of the user's, the published one will do.
    expect((await pulumi({}, "", "preview", "-s", name)).exitCode).toBe(0);
    await pulumi({}, TOKEN.value, "config", "set", "-s", name, "--secret", "--path", `${VALUES}.token`);
    const refused = await pulumi({}, "", "preview", "-s", name);
    expect(refused.exitCode).not.toBe(0);
    const [, command] = /(pulumi stack change-secrets-provider passphrase -s \S+?),/.exec(refused.all ?? "") ?? [];
    expect(command).toBe(`pulumi stack change-secrets-provider passphrase -s ${name}`);
    const changed = await pulumi({}, "my-own\nmy-own\n", ...(command ?? "").split(" ").slice(1));
    expect(`${changed.exitCode} ${changed.all}`).toMatch(/^0 /);
    const taken = await pulumi({ PULUMI_CONFIG_PASSPHRASE: "my-own" }, "", "preview", "-s", name);
    expect(`${taken.exitCode} ${taken.all}`).toMatch(/^0 /);
  } finally {
    await pulumi({ PULUMI_CONFIG_PASSPHRASE: "my-own" }, "", "stack", "rm", "--yes", "--force", name);
  }
});

import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { dump } from "js-yaml";
import { pinsIn } from "../../cli/charts/sources";
import { LOCK_FILE } from "../../components/addons/chart-lock";
import { pathText } from "../../settings/messages/problems";
import { generateKeyPair } from "../../providers/machines/ssh-key/key-pair";
import { everySetting } from "../harness/stacks/every-setting";
import { leaksInText, lineOfKey, type Secret } from "../harness/stacks/secret-search";
import { type Config, ProgramFolder, type Registered, runWithOutputs, type Tamper } from "./run-program";

/**
 * A mark in every setting that may hold a secret, found in the schema, and the whole program run with it: what the engine is given
 * shows a mark nowhere but inside of what it knows to be secret.
 */

jest.setTimeout(120_000);

const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";
const LOGIN = { user: "homelab", hostKey: HOST_KEY };

type Path = readonly PropertyKey[];
const secretPlaces = everySetting().filter(({ meta }) => meta.secret === true || meta.mayBeEncrypted === true);

/** Settings in which these places can be set. One that a new setting needs is added here: a test fails until it is. */
interface Scene {
  kind: string;
  config: Config;
  /** Places that can't be set beside others. */
  without?: RegExp;
}

const ADDONS = {
  cilium: {},
  longhorn: { enabled: true },
  tailscale: { enabled: true, oauth: { clientId: "k123" }, machines: { enabled: true } },
  argocd: { enabled: true },
};
const metal = (ssh: object) => ({
  kind: "metal",
  nodes: [{ name: "cp1", role: "control-plane", address: "192.168.1.11", ssh }],
});
const bastion = { ...LOGIN, host: "192.168.1.1" };

const SCENES: Record<string, Scene> = {
  "virtual machines, a repository over HTTPS": {
    kind: "multipass",
    config: {
      machines: { kind: "multipass", nodes: [{ name: "cp1", role: "control-plane" }] },
      addons: ADDONS,
      gitops: { repoURL: "https://git.example/gitops.git" },
    },
    without: /^gitops\.sshPrivateKey|^machines\.nodes\[0\]\.cloudInit/,
  },
  "virtual machines of their own": {
    kind: "multipass",
    config: { machines: { kind: "multipass", nodes: [{ name: "cp1", role: "control-plane" }] }, addons: {} },
    without: /^gitops|^addons\.(?!cilium)|^machines\.cloudInit/,
  },
  "hosts with one login, a repository over SSH": {
    kind: "metal",
    config: {
      ssh: { user: "homelab", bastion },
      machines: metal({ hostKey: HOST_KEY }),
      addons: { cilium: {}, argocd: { enabled: true } },
      gitops: { repoURL: "git@git.example:me/gitops.git" },
    },
    without: /^gitops\.(username|password)|^machines|^addons\.(longhorn|tailscale)/,
  },
  "hosts with logins of their own": {
    kind: "metal",
    config: { machines: metal({ ...LOGIN, bastion }), addons: {} },
    without: /^ssh|^gitops|^addons\.(?!cilium)/,
  },
};

const placesOf = ({ kind, without }: Scene): Path[] =>
  secretPlaces
    .filter((place) => place.kind === kind || !["machines", "ssh"].includes(String(place.path[0])))
    .map(({ path }) => path)
    .filter((path) => !without?.test(pathText(path)));

/** Sets the value at a place, and makes the way to it. */
function plant(config: unknown, [name, ...rest]: Path, value: unknown): unknown {
  if (name === undefined) return value;
  const container = (
    typeof name === "number" ? [...((config as unknown[] | undefined) ?? [])] : { ...(config as object) }
  ) as Record<PropertyKey, unknown>;
  container[name] = plant(container[name], rest, value);
  return container;
}

/** A value for a place, and the mark by which it is found: keys must be keys. */
function canaryFor(path: Path, index: number): { value: string; secret: Secret } {
  const name = pathText(path);
  if (!/privateKey$/i.test(name)) {
    const value = `c4n4ry-${index}-${String(path[0])}`;
    return { value, secret: { name, value } };
  }
  const value = generateKeyPair().private;
  return { value, secret: { name, value: lineOfKey(value) } };
}

interface Run {
  secrets: Secret[];
  registered: Registered[];
  leaks: string[];
}

let folder: ProgramFolder;
let charts: http.Server;

beforeAll(async () => {
  folder = await ProgramFolder.enter();
  const entries = pinsIn("charts").map(({ name, version }) => [
    name,
    [{ name, version, urls: [`${name}-${version}.tgz`] }],
  ]);
  const index = dump({ apiVersion: "v1", entries: Object.fromEntries(entries) as object });
  // On metal a chart must be known.
  const locked = pinsIn("charts").map(({ name, version }) => {
    const digest = createHash("sha256").update(`/${name}-${version}.tgz`).digest("hex");
    return [`${name}-${version}`, { test: digest }];
  });
  await writeFile(LOCK_FILE, dump(Object.fromEntries(locked)));
  charts = http.createServer(({ url = "" }, response) => response.end(url === "/index.yaml" ? index : url));
  await new Promise<void>((resolve) => charts.listen(0, "127.0.0.1", resolve));
});

afterAll(async () => {
  await new Promise((resolve) => charts.close(resolve));
  await folder.leave();
});

async function run(scene: Scene, tamper?: Tamper): Promise<Run> {
  const url = `http://127.0.0.1:${(charts.address() as AddressInfo).port}`;
  let config: Config = { ...scene.config, mirrors: { charts: { name: "test", url } } };
  const secrets = placesOf(scene).map((path, index) => {
    const { value, secret } = canaryFor(path, index);
    config = plant(config, path, value) as Config;
    return secret;
  });
  const prefixed = Object.fromEntries(Object.entries(config).map(([key, value]) => [`homelab:${key}`, value]));
  const keys = [...new Set(placesOf(scene).map(([key]) => `homelab:${String(key)}`))];
  const said = jest.spyOn(process.stderr, "write");
  const { registered, clearOutputs } = await runWithOutputs("canary", prefixed, keys, tamper);
  const printed = said.mock.calls.map(([text]) => String(text)).join("");
  said.mockRestore();
  return {
    secrets,
    registered,
    leaks: [
      ...leaksInText("the stack's outputs", JSON.stringify(clearOutputs), secrets),
      ...leaksInText("what was printed", printed, secrets),
      ...registered.flatMap((resource) => leaksOf(resource, secrets)),
    ],
  };
}

/** What the engine would show in a preview or keep in clear in its state. */
function leaksOf({ type, name, inputs, clear, secretOutputs }: Registered, secrets: Secret[]): string[] {
  const shown = leaksInText(`the inputs of ${name}`, JSON.stringify(clear), secrets);
  if (!type.startsWith("pulumi-nodejs:dynamic/")) return shown;
  // A dynamic resource's outputs begin as its inputs, in clear but for those that it names.
  const outputs = Object.entries(inputs).filter(([input]) => !secretOutputs.includes(input) && input !== "__provider");
  return [...shown, ...leaksInText(`the outputs of ${name}`, JSON.stringify(Object.fromEntries(outputs)), secrets)];
}

test("secret-canary, secret-unwrapped: every setting that may hold a secret is planted in one of the runs", () => {
  const planted = new Set(
    Object.values(SCENES).flatMap((scene) => placesOf(scene).map((path) => `${scene.kind} ${pathText(path)}`)),
  );
  const isPlanted = ({ kind, path }: (typeof secretPlaces)[number]) =>
    [kind, "multipass", "metal"].some((one) => planted.has(`${one} ${pathText(path)}`));
  expect(secretPlaces.filter((place) => !isPlanted(place)).map(({ path }) => pathText(path))).toEqual([]);
  expect(planted.size).toBeGreaterThan(15);
});

test.each(Object.entries(SCENES))(
  "secret-canary, secret-unwrapped: no mark is in clear in what the engine gets: %s",
  async (_name, scene) => {
    const { secrets, registered, leaks } = await run(scene);
    expect(leaks).toEqual([]);
    // Each is really used, where it belongs: else the search would find nothing anywhere.
    const all = JSON.stringify(registered.map(({ inputs }) => inputs));
    const decoded = all.replace(
      /[A-Za-z0-9+/]{20,}={0,2}/g,
      (text) => text + Buffer.from(text, "base64").toString("latin1"),
    );
    expect(secrets.filter(({ value }) => !decoded.includes(value)).map(({ name }) => name)).toEqual([]);
  },
);

test.each<[string, Tamper, RegExp]>([
  [
    "a script that has a chart's value in it",
    ({ name, props }) => {
      if (name === "cilium-checks") props["create"] = "echo c4n4ry-1-addons c4n4ry-0-machines";
    },
    /^(addons|machines)\..* in the inputs of cilium-checks$/,
  ],
  [
    "a dynamic resource that doesn't name its secret output",
    ({ name, opts }) => {
      if (name === "cp1") (opts as { additionalSecretOutputs?: string[] }).additionalSecretOutputs = ["clientKey"];
    },
    /^machines\.nodes\[0\]\.cloudInit\.canary\.list\[0\] in the outputs of cp1$/,
  ],
])("secret-canary: a planted leak is found: %s", async (_what, tamper, found) => {
  const { leaks } = await run(SCENES["virtual machines of their own"] as Scene, tamper);
  expect(leaks).toContainEqual(expect.stringMatching(found));
});

import { inspect } from "node:util";
import { parseSettings } from "../../../settings";
import { isSecret } from "../../../settings/fields";
import { pathText } from "../../../settings/messages/problems";
import { everySetting, type SettingPlace } from "../../harness/stacks/every-setting";
import { PUBLISHED_PASSPHRASES } from "../../../settings/stack-file";

/** Values that are encrypted in the stack's file: kept secret, or refused. test/program/canary.test.ts follows those that are taken. */

const CANARY = "c4n4ry-hunter2";
const ENCRYPTED = { secure: "v1:abc" };

/** A mapping with a value at a place. */
function planted(path: readonly PropertyKey[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const inner = planted(rest, value);
  return typeof name === "number" ? [inner] : { [name]: inner };
}

/** The settings of a stack of this kind with one value at a place. */
function stackWith({ kind, path }: Pick<SettingPlace, "kind" | "path">, value: unknown): Record<string, unknown> {
  const base = { machines: { kind } };
  const all = planted(path, value) as Record<string, unknown>;
  return { ...base, ...all, machines: { ...base.machines, ...(all.machines as object | undefined) } };
}

function problemsAt(place: Pick<SettingPlace, "kind" | "path">): string[] {
  const file = { written: stackWith(place, ENCRYPTED), stack: "metal" };
  return parseSettings(stackWith(place, CANARY), [String(place.path[0])], file).problems ?? [];
}

const places = everySetting();
const taken = places.filter(({ meta }) => meta.secret === true || meta.mayBeEncrypted === true);
const others = places.filter((place) => !taken.includes(place));
const named = (list: SettingPlace[]) => list.map((place) => [`${place.kind}: ${pathText(place.path)}`, place] as const);

test("secret-unwrapped: every setting of the schema is either taken encrypted or refused, and there are both", () => {
  expect(places.length).toBeGreaterThan(150);
  expect(taken.map(({ path }) => path.join("."))).toEqual(
    expect.arrayContaining([
      "machines.cloudInit.canary.list.0",
      "addons.cilium.values.canary.list.0",
      "gitops.password",
    ]),
  );
});

test.each(named(others))("secret-unwrapped: %s is refused where it is encrypted, and not shown", (_name, place) => {
  const problems = problemsAt(place);
  expect(problems.join("\n")).not.toContain(CANARY);
  const own = problems.filter((problem) => problem.startsWith(`${pathText(place.path)}: `));
  expect(own).toEqual([expect.stringMatching(/is encrypted, and would be in clear.*--plaintext/)]);
});

test("secret-unwrapped: a value of the right form is refused too, with the command that takes the encryption off", () => {
  const nodes = (labels: object) => [{ name: "cp1", role: "control-plane", address: "10.90.0.11", labels }];
  const raw = {
    machines: { kind: "nspawn", nodes: nodes({ rack: "canary" }) },
    cluster: { dnsDomain: "canary.local" },
  };
  const written = {
    machines: { ...raw.machines, nodes: nodes({ rack: ENCRYPTED }) },
    cluster: { dnsDomain: ENCRYPTED },
  };
  const { problems } = parseSettings(raw, ["machines", "cluster"], { written, stack: "lab" });
  const why = (path: string) =>
    `${path}: is encrypted, and would be in clear in scripts, previews and the state: no secret can be here. What is no secret is written with pulumi config set --plaintext --path '${path}'`;
  expect(problems).toEqual([why("machines.nodes[0].labels.rack"), why("cluster.dnsDomain")]);
});

test("secret-unwrapped: under a name that is not known, that is what is said", () => {
  const problems = problemsAt({ kind: "metal", path: ["ssh", "pasword"] });
  expect(problems.filter((problem) => problem.startsWith("ssh.pasword"))).toEqual([
    expect.stringMatching(/^ssh\.pasword: is not a known setting/),
  ]);
  expect(problems.join("\n")).not.toContain(CANARY);
});

test.each(named(taken))("secret-unwrapped: %s is taken encrypted, and nothing shows it", (_name, place) => {
  const problems = problemsAt(place);
  expect(problems.filter((problem) => problem.includes("is encrypted"))).toEqual([]);
  expect(problems.join("\n")).not.toContain(CANARY);
});

const NODES = [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }];
const addons = (values: object) => ({ machines: { kind: "nspawn", nodes: NODES }, addons: { cilium: { values } } });

test("secret-unwrapped: an encrypted value of a chart is a secret from then on, and those beside it stay readable", () => {
  const raw = addons({ token: CANARY, list: [{ key: CANARY }, "plain"], debug: { enabled: true } });
  const written = addons({ token: ENCRYPTED, list: [{ key: ENCRYPTED }, "plain"], debug: { enabled: "true" } });
  const { settings } = parseSettings(raw, ["addons"], { written, stack: "lab" });
  const { token, list, debug } = settings?.addons.cilium.values as { token: unknown; list: unknown[]; debug: unknown };
  expect(isSecret(token) && token.reveal()).toBe(CANARY);
  expect(list).toEqual([{ key: expect.anything() as unknown }, "plain"]);
  expect(debug).toEqual({ enabled: true });
  expect(JSON.stringify(settings) + inspect(settings, { depth: null })).not.toContain(CANARY);
});

test("secret-unwrapped: where the file doesn't say which value is encrypted, all texts of a chart's values are taken for it", () => {
  const { settings } = parseSettings(addons({ token: CANARY, replicas: 2 }), ["addons"]);
  const { token, replicas } = settings?.addons.cilium.values as { token: unknown; replicas: unknown };
  expect([isSecret(token), replicas]).toEqual([true, 2]);
});

test("secret-unwrapped: a key that is called secret and has nothing that can be one is refused", () => {
  const cluster = { dnsDomain: "canary.local" };
  const { problems } = parseSettings({ machines: { kind: "nspawn", nodes: NODES }, cluster }, ["cluster"]);
  expect(problems).toEqual([
    expect.stringMatching(/^cluster: has an encrypted value, and the stack's file doesn't show/),
  ]);
});

test("secret-unwrapped: a key that is encrypted as a whole is refused, with what to encrypt instead", () => {
  const cluster = { dnsDomain: "canary.local" };
  const raw = { machines: { kind: "nspawn", nodes: NODES }, cluster };
  const { problems } = parseSettings(raw, ["cluster"], { written: { ...raw, cluster: ENCRYPTED }, stack: "lab" });
  expect(problems).toEqual([expect.stringMatching(/^cluster: is encrypted as a whole.*encrypt single values/)]);
});

describe("a passphrase that is published", () => {
  const withSecret = (adminPassword: unknown) => ({
    ...addons({}),
    addons: { argocd: { enabled: true, adminPassword } },
  });
  const parse = (salt: string | undefined, stack = "local") =>
    parseSettings(withSecret(CANARY), ["addons"], { written: withSecret(ENCRYPTED), salt, stack });

  test.each(Object.entries(PUBLISHED_PASSPHRASES))(
    "secret-published-salt: a secret of the user's is refused beside the salt %s, with the command that changes the passphrase",
    (salt) => {
      const { problems } = parse(salt);
      expect(problems).toEqual([
        expect.stringMatching(
          /^addons\.argocd\.adminPassword: is encrypted with this stack's passphrase, which is published.*pulumi stack change-secrets-provider passphrase -s local, and put it into \.homelab\/passphrase-local/,
        ),
      ]);
      expect(problems?.join()).not.toContain(CANARY);
    },
  );

  test("secret-published-salt: another salt, or none yet, is the user's own", () => {
    expect(parse("v1:AAAAAAAAAAA=:v1:AAAAAAAAAAAAAAAA:AAAA").problems).toBeUndefined();
    expect(parse(undefined).problems).toBeUndefined();
  });

  test.each(["lab", "local"])(
    "secret-published-salt: the file of %s that is committed has no secret, and is taken",
    (stack) => {
      const salt = Object.keys(PUBLISHED_PASSPHRASES)[stack === "lab" ? 0 : 1];
      expect(parseSettings(addons({}), [], { written: addons({}), salt, stack }).problems).toBeUndefined();
    },
  );
});

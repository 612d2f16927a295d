import { readFileSync } from "node:fs";
import { load } from "js-yaml";
import { tailnetName } from "../../../components/addons/tailscale/tailnet-name";
import { addonsOn, leftOut } from "../../../components/addons/list";
import { PAGES } from "../../../components/addons/tailscale/pages";
import { tailscaleValues } from "../../../components/addons/tailscale/tailscale";
import { mergeValues, type Values } from "../../../components/addons/values";
import { parseSettings, type Settings } from "../../../settings";
import { versions } from "../../../versions";

const NODES = { kind: "multipass", nodes: [{ name: "cp1", role: "control-plane" }] };
const OAUTH = { clientId: "k123", clientSecret: "tskey-client-c4n4ry" };

function addons(tailscale: object, others: object = {}, cluster: object = {}): Settings["addons"] {
  const raw = { machines: NODES, cluster, addons: { tailscale, ...others } };
  const { settings, problems } = parseSettings(raw, secretKeys(tailscale));
  if (!settings) throw new Error(problems.join("\n"));
  return settings.addons;
}
const problemsOf = (tailscale: object, others: object = {}, cluster: object = {}) =>
  parseSettings({ machines: NODES, cluster, addons: { tailscale, ...others } }, secretKeys(tailscale)).problems ?? [];
/** The keys that have an encrypted value. */
const secretKeys = (tailscale: object) => (/clientSecret|authKey/.test(JSON.stringify(tailscale)) ? ["addons"] : []);

const read = (file: string) => load(readFileSync(file, "utf8")) as Values;
const pinned = read("charts/tailscale-operator/values.yaml");

describe("the values of the operator", () => {
  test("follow from the settings", () => {
    const { tailscale } = addons({
      ...{ enabled: true, oauth: OAUTH, hostname: "op", tags: ["tag:a"], proxyTags: ["tag:b", "tag:c"] },
      ...{ apiServerProxy: true, loginServer: "https://headscale.example" },
    });
    expect(tailscaleValues(tailscale, "k123")).toEqual({
      loginServer: "https://headscale.example",
      operatorConfig: { hostname: "op", defaultTags: ["tag:a"], podAnnotations: { "homelab/oauth-client": "k123" } },
      ingressClass: { name: "tailscale" },
      proxyConfig: { defaultTags: "tag:b,tag:c" },
      apiServerProxyConfig: { mode: "true" },
    });
  });

  test("are all known to the chart of the pinned version", () => {
    const known = read("test/fixtures/tailscale-operator-values.yaml");
    const { tailscale } = addons({ enabled: true, oauth: OAUTH, hostname: "op" });
    expect(unknownKeys(mergeValues(pinned, tailscaleValues(tailscale, "k123")), known)).toEqual([]);
    expect(unknownKeys({ operatorConfig: { hostnam: "" }, oauth: { x: 1 } }, known)).toEqual([
      "operatorConfig.hostnam",
      "oauth.x",
    ]);
  });

  test("hold no secret", () => {
    const { tailscale } = addons({ enabled: true, oauth: OAUTH, hostname: "op" });
    expect(JSON.stringify(tailscaleValues(tailscale, "k123"))).not.toContain("c4n4ry");
  });

  test("the package on the machines has the operator's version", () => {
    const { dependencies } = read("charts/tailscale-operator/Chart.yaml") as { dependencies?: { version: string }[] };
    expect(dependencies?.[0]?.version).toBe(versions.tailscale);
  });
});

/** Paths of values that a chart doesn't have. Where it has an empty map, any name is allowed. */
function unknownKeys(values: Values, known: Values, path = ""): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (!Object.hasOwn(known, key)) return [path + key];
    const below = known[key];
    if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
    return Object.keys(below as Values).length === 0
      ? []
      : unknownKeys(value as Values, below as Values, `${path}${key}.`);
  });
}

const isOn = (settings: Settings["addons"]) => addonsOn(settings).some(({ name }) => name === "tailscale");

describe("without credentials", () => {
  test("the operator is left out, with the key to set", () => {
    const settings = addons({ enabled: true });
    expect(isOn(settings)).toBe(false);
    const missing = leftOut(settings);
    expect(Object.keys(missing)).toEqual(["tailscale"]);
    expect(missing.tailscale).toContain("pulumi config set --secret --path addons.tailscale.oauth.clientSecret");
  });

  test("the machines are left out, with the keys to set", () => {
    const missing = leftOut(addons({ machines: { enabled: true } }));
    expect(Object.keys(missing)).toEqual(["tailscale on the machines"]);
    expect(missing["tailscale on the machines"]).toContain("addons.tailscale.machines.authKey");
  });

  test.each([
    ["nothing is switched on", {}],
    ["there is a client", { enabled: true, oauth: OAUTH, machines: { enabled: true } }],
    ["the machines have a key", { machines: { enabled: true, authKey: "tskey-auth-own" } }],
  ])("nothing is left out where %s", (_what, tailscale) => {
    expect(leftOut(addons(tailscale))).toEqual({});
  });

  test("a client is of no use to an operator that is off", () => {
    expect(isOn(addons({ oauth: OAUTH }))).toBe(false);
    expect(isOn(addons({ enabled: true, oauth: OAUTH }))).toBe(true);
  });
});

describe("the settings", () => {
  test.each([
    ["the operator", { enabled: true, oauth: OAUTH }],
    ["the machines", { machines: { enabled: true } }],
  ])("are refused where a subnet has addresses of the tailnet and %s would be in it", (_what, tailscale) => {
    expect(problemsOf(tailscale, {}, { podSubnet: "100.96.0.0/16" })).toEqual([
      expect.stringMatching(/^cluster\.podSubnet: 100\.96\.0\.0\/16 overlaps 100\.64\.0\.0\/10, of which Tailscale/),
    ]);
    expect(problemsOf({}, {}, { podSubnet: "100.96.0.0/16" })).toEqual([]);
  });

  test("are refused where a page is shown that isn't there", () => {
    const ingress = { argocd: true, hubble: true };
    expect(problemsOf({ enabled: true, ingress })).toEqual([
      "addons.tailscale.ingress.argocd: true needs addons.argocd.enabled",
      "addons.tailscale.ingress.hubble: true needs addons.cilium.hubble.ui",
    ]);
    expect(problemsOf({ ingress: { hubble: true } }, { cilium: { hubble: { ui: true } } })).toEqual([
      "addons.tailscale.ingress.hubble: true needs addons.tailscale.enabled",
    ]);
  });

  test("are refused where a secret is in clear", () => {
    const tailscale = { enabled: true, oauth: OAUTH, machines: { authKey: "tskey-auth-c4n4ry" } };
    const { problems } = parseSettings({ machines: NODES, addons: { tailscale } });
    expect(problems).toEqual([
      expect.stringMatching(/^addons\.tailscale\.oauth\.clientSecret: is not encrypted/),
      expect.stringMatching(/^addons\.tailscale\.machines\.authKey: is not encrypted/),
    ]);
    expect(problems?.join()).not.toContain("c4n4ry");
  });

  test("are refused where a tag is none, or there is none", () => {
    expect(problemsOf({ tags: ["k8s"] })).toEqual([expect.stringContaining("is not a tag")]);
    expect(problemsOf({ machines: { tags: [] } })).toEqual([expect.stringContaining("needs at least one tag")]);
  });
});

test.each([
  ["lab", "cp1", "lab-cp1"],
  ["My_Stack.1", "argocd", "my-stack-1-argocd"],
  ["s".repeat(70), "operator", "s".repeat(63)],
])("in stack %s the device %s is called %s", (stack, name, expected) => {
  expect(tailnetName(name, stack)).toBe(expected);
});

test("pages that speak TLS are asked at the port at which the operator expects it", () => {
  expect(PAGES).toMatchObject({ argocd: { port: 443 }, hubble: { port: 80 } });
});

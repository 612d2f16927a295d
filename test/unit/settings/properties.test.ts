import fc from "fast-check";
import { parseSettings } from "../../../settings";

const node = { name: "cp1", role: "control-plane", address: "10.90.0.11" };
/** Enough for each of the hostile characters to come first, last and between others. */
const runs = { numRuns: 40 };
const machines = (fields: object = {}) => ({ kind: "nspawn", nodes: [{ ...node, ...fields }] });

/** Texts that might be tried: what a shell, YAML, TOML or a terminal would act on, among ordinary characters. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc
    .array(
      fc.constantFrom("a", "1", ".", "-", "/", ";", "'", '"', "\\", "\n", "$(id)", "`id`", "&", " ", "\u202e", "é"),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    .map((parts) => parts.join("")),
  fc.constant("a".repeat(10_240)),
);

const places: Record<string, (text: string) => Record<string, unknown>> = {
  "the name of a node": (text) => ({ machines: machines({ name: text }) }),
  "an address": (text) => ({ machines: machines({ address: text }) }),
  "a label": (text) => ({ machines: machines({ labels: { rack: text } }) }),
  "the key of a label": (text) => ({ machines: machines({ labels: { [text]: "1" } }) }),
  "a taint": (text) => ({ machines: machines({ taints: [{ key: text, value: text, effect: "NoSchedule" }] }) }),
  "the folder of the machines": (text) => ({ machines: { ...machines(), stateDir: text } }),
  "the bridge": (text) => ({ machines: { ...machines(), network: { bridge: text } } }),
  "the version": (text) => ({ machines: machines(), cluster: { kubernetesVersion: text } }),
  "the DNS domain": (text) => ({ machines: machines(), cluster: { dnsDomain: text } }),
  "a subnet": (text) => ({ machines: machines(), cluster: { podSubnet: text } }),
  "the name of a sysctl": (text) => ({ machines: machines(), sysctls: { [text]: "1" } }),
  "the value of a sysctl": (text) => ({ machines: machines(), sysctls: { "net.core.somaxconn": text } }),
  "the address of a mirror": (text) => ({ machines: machines(), mirrors: { apt: { docker: { url: text } } } }),
  "a fingerprint": (text) => ({ machines: machines(), mirrors: { apt: { docker: { fingerprint: text } } } }),
  "the host of a registry": (text) => ({ machines: machines(), containerd: { mirrors: { [text]: ["http://a"] } } }),
  "the sandbox image": (text) => ({ machines: machines(), containerd: { sandboxImage: text } }),
  "the name of an argument": (text) => ({
    machines: machines(),
    cluster: { apiServer: { extraArgs: { [text]: "1" } } },
  }),
};

describe("any text", () => {
  it.each(Object.entries(places))("as %s is refused, or has nothing that a shell or a file would act on", (_, put) => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { problems } = parseSettings(put(text));
        if (!problems) expect(text).toMatch(/^[A-Za-z0-9 ._:/,|%@+{}-]*$/);
      }),
      runs,
    );
  });

  it("in a message is one line of printable characters, of bounded length", () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...Object.values(places)), (text, put) => {
        for (const problem of parseSettings(put(text)).problems ?? []) {
          expect(problem).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
          expect(problem.length).toBeLessThan(1000);
        }
      }),
    );
  });

  it("in an annotation is kept as it is, unless it breaks a line", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const { settings } = parseSettings({ machines: machines({ annotations: { note: text } }) });
        // eslint-disable-next-line no-control-regex
        if (/[\x00-\x1f\x7f]/.test(text)) expect(settings).toBeUndefined();
        else expect(settings?.machines.nodes[0]?.annotations).toEqual({ note: text });
      }),
    );
  });
});

describe("any JSON", () => {
  it("in the place of any setting is answered with settings or problems, never with an exception", () => {
    const keys = [
      "machines",
      "cluster",
      "containerd",
      "sysctls",
      "mirrors",
      "addons",
      "ssh",
      "gitops",
      "proxy",
      "preflight",
    ];
    const sections = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue());
    const inventory = fc.record({ kind: fc.constantFrom("nspawn", "multipass", "metal"), nodes: fc.jsonValue() });
    fc.assert(
      fc.property(fc.oneof(sections, fc.record({ machines: inventory })), (raw) => {
        const { settings, problems } = parseSettings(raw);
        expect(settings === undefined).not.toBe(problems === undefined);
      }),
    );
  });
});

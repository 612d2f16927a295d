import { parseSettings } from "../../../settings";
import { parseJson } from "../../../settings/numbers";
import { parseStackFile } from "../../../settings/stack-file";

const LARGEST = "9223372036854775807";
const node = (fields = "") => `{name: cp1, role: control-plane, address: 10.90.0.11${fields && `, ${fields}`}}`;

/** What becomes of a stack's file. Its numbers come from Pulumi as JSON, with all their digits. */
function parsed(config: string, fields = "") {
  const file = parseStackFile(`config:\n  homelab:machines: {kind: nspawn, nodes: [${node(fields)}]}\n${config}`);
  const withDigits = (value: unknown): string =>
    JSON.stringify(value, (_key, inner: unknown) => (inner === Number(LARGEST) ? "LARGEST" : inner)).replaceAll(
      '"LARGEST"',
      LARGEST,
    );
  const raw = Object.fromEntries(
    Object.entries(file.settings).map(([key, value]) => [key, parseJson(withDigits(value))]),
  );
  return parseSettings(raw, [], { ...file, stack: "lab" });
}

test("integer-64: an integer of 64 bits keeps its digits in sysctls, labels, annotations, taints and arguments", () => {
  const { settings, problems } = parsed(
    `  homelab:sysctls: {fs.file-max: ${LARGEST}}\n  homelab:cluster: {apiServer: {extraArgs: {x: ${LARGEST}}}}`,
    `labels: {id: ${LARGEST}}, annotations: {id: ${LARGEST}}, taints: [{key: id, value: ${LARGEST}, effect: NoSchedule}]`,
  );
  expect(problems).toBeUndefined();
  expect(settings?.sysctls["fs.file-max"]).toBe(LARGEST);
  expect(settings?.cluster.apiServer.extraArgs.x).toBe(LARGEST);
  const [first] = settings?.machines.nodes ?? [];
  expect([first?.labels.id, first?.annotations.id]).toEqual([LARGEST, LARGEST]);
  expect(first?.taints[0]?.value).toBe(LARGEST);
});

test("integer-64: in the values of a chart, which Helm gets as JSON, it is to be in quotes", () => {
  const values = (number: string) => parsed(`  homelab:addons: {cilium: {values: {a: {b: [${number}]}}}}`);
  expect(values(LARGEST).problems).toEqual([
    `addons.cilium.values.a.b[0]: ${LARGEST} has more digits than a number here can hold; write it in quotes`,
  ]);
  expect(values(`"${LARGEST}"`).settings?.addons.cilium.values).toEqual({ a: { b: [LARGEST] } });
});

test("integer-64: where a number belongs, one that is too long is no number", () => {
  expect(parsed(`  homelab:addons: {cilium: {mtu: ${LARGEST}}}`).problems).toEqual([
    `addons.cilium.mtu: ${LARGEST} has more digits than a number can have here`,
  ]);
});

test.each([
  ["1.10", "1.1"],
  ["0x1F", "31"],
  ["1e3", "1000"],
])("integer-64: %s in a label, which YAML reads as %s, is to be in quotes", (written, read) => {
  expect(parsed("", `labels: {version: ${written}}`).problems).toEqual([
    `machines.nodes[0].labels.version: ${written} is read as ${read}; write it in quotes: "${written}"`,
  ]);
  expect(parsed("", `labels: {version: "${written}"}`).settings?.machines.nodes[0]?.labels.version).toBe(written);
});

test("integer-64: a quantity of Kubernetes means the same either way", () => {
  expect(parsed("  homelab:cluster: {kubelet: {systemReserved: {cpu: 0.50}}}").problems).toBeUndefined();
});

test("JSON is read as before, but for integers that a number can't hold", () => {
  const text = `{"a":[1,-2.5e3,"${LARGEST}","1\\"2"],"b":${LARGEST},"c":9007199254740991}`;
  expect(parseJson(text)).toEqual({
    a: [1, -2500, LARGEST, '1"2'],
    b: BigInt(LARGEST),
    c: 9007199254740991,
  });
  expect(() => parseJson(`{"a":${LARGEST}`)).toThrow(SyntaxError);
});

import { ciliumValues } from "../../../components/addons/cilium/cilium";
import { mergeValues } from "../../../components/addons/values";
import { parseSettings } from "../../../settings";

const endpoint = { host: "10.90.0.11", port: 6443 };

function cilium(settings: object, nodeCount: number) {
  const nodes = [{ name: "cp1", role: "control-plane", address: "10.90.0.11" }];
  const parsed = parseSettings({ machines: { kind: "nspawn", nodes }, addons: { cilium: settings } });
  if (!parsed.settings) throw new Error(parsed.problems.join("\n"));
  return ciliumValues({ settings: parsed.settings.addons.cilium, endpoint, nodeCount });
}

test("values are merged as maps, and replaced as lists and scalars", () => {
  expect(mergeValues({ a: { b: 1, c: [1, 2] }, d: 1 }, { a: { c: [3] } }, { d: { e: 2 } })).toEqual({
    a: { b: 1, c: [3] },
    d: { e: 2 },
  });
});

test.each([
  [1, 1],
  [2, 2],
  [5, 2],
])("with %i nodes Cilium's operator has %i replicas", (nodes, replicas) => {
  expect(cilium({}, nodes)).toMatchObject({ operator: { replicas } });
});

test("without Hubble's relay agents serve no flows to the network and need no certificates", () => {
  expect(cilium({ hubble: { relay: false } }, 1)).toMatchObject({
    hubble: { enabled: true, relay: { enabled: false }, listenAddress: "", tls: { enabled: false } },
  });
  expect(JSON.stringify(cilium({ hubble: { relay: true } }, 1))).not.toContain("listenAddress");
});

test("the MTU is left to Cilium unless it is set", () => {
  expect(cilium({}, 1)).not.toHaveProperty("MTU");
  expect(cilium({ mtu: 1400 }, 1)).toMatchObject({ MTU: 1400 });
});

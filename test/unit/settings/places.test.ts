import { isSet, pathOf, placesOf, valueOf } from "../../../settings/places";
import { settingsSchema } from "../../../settings/schema";
import { defaultSubnets } from "../../../settings/subnets";

const placesIn = (written: Record<string, unknown>) => placesOf(settingsSchema, written);

test("a setting that is left out has its default, wherever the mapping around it begins to be left out", () => {
  for (const written of [{}, { cluster: {} }]) {
    const { podSubnet } = placesIn(written).cluster;
    expect(valueOf(podSubnet)).toBe(defaultSubnets.pods);
    expect(isSet(podSubnet)).toBe(false);
    expect(pathOf(podSubnet)).toEqual(["cluster", "podSubnet"]);
  }
});

test("a malformed setting has no value, nor has what would be inside it; those beside it have theirs", () => {
  const { cluster } = placesIn({ cluster: { podSubnet: "10.244", serviceSubnet: "10.97.0.0/16", apiServer: "small" } });
  expect([valueOf(cluster.podSubnet), isSet(cluster.podSubnet)]).toEqual([undefined, true]);
  expect(valueOf(cluster.serviceSubnet)).toBe("10.97.0.0/16");
  expect(valueOf(cluster.apiServer.extraArgs)).toBeUndefined();
  expect(valueOf(placesIn({ cluster: "small" }).cluster.podSubnet)).toBeUndefined();
});

test("a node is read by itself, also among bad ones and where the kind of machine is not known", () => {
  const nodes = ["cp1", { name: "worker1", role: "wroker" }, null];
  const { machines } = placesIn({ machines: { kind: "nspwan", nodes } });
  expect(valueOf<string>(machines.kind)).toBeUndefined();
  expect(machines.nodes.map(({ name, role }) => [valueOf(name), valueOf(role)])).toEqual([
    [undefined, undefined],
    ["worker1", undefined],
    [undefined, undefined],
  ]);
});

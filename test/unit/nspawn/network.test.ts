import {
  bridgeScript,
  type Link,
  type NetworkInputs,
  ownAlias,
  removeBridgeScript,
  whyRefused,
} from "../../../providers/machines/nspawn/bridge";
import { networkDriver } from "../../../providers/machines/nspawn/network-driver";

const inputs: NetworkInputs = {
  bridge: "homelab",
  subnet: "10.90.0.0/24",
  address: "10.90.0.1",
  stateDir: "/srv/lab",
  owner: "ssh-ed25519 AAAA",
};

function link(ifname: string, cidr?: string, ifalias?: string): Link {
  const [local = "", prefixlen = "0"] = (cidr ?? "").split("/");
  const addresses = cidr ? [{ family: "inet", local, prefixlen: Number(prefixlen) }] : [];
  return { ifname, address: "02:00:00:00:00:01", addr_info: addresses, ...(ifalias ? { ifalias } : {}) };
}

test("a workstation without such a bridge or subnet is fine", () => {
  expect(
    whyRefused(inputs, [link("lo", "127.0.0.1/8"), link("eth0", "192.168.1.7/24"), link("docker0", "172.17.0.1/16")]),
  ).toBeUndefined();
});

test("the stack's own bridge, left by an interrupted run, is adopted: by its alias, or by its address before it has one", () => {
  expect(whyRefused(inputs, [link("homelab", "10.90.0.1/24", ownAlias(inputs))])).toBeUndefined();
  const mac = /address (\S+) type bridge/.exec(bridgeScript(inputs))?.[1] as string;
  expect(whyRefused(inputs, [{ ...link("homelab"), address: mac }])).toBeUndefined();
});

test("an interface of that name that another stack made is refused", () => {
  expect(whyRefused(inputs, [link("homelab")])).toMatch(/this stack did not make it/);
  expect(whyRefused(inputs, [link("homelab", undefined, ownAlias({ owner: "another" }))])).toMatch(/did not make it/);
});

test.each([
  ["the same subnet", "10.90.0.1/24"],
  ["a part of it", "10.90.0.200/30"],
  ["a wider one around it", "10.1.2.3/8"],
])("%s on another interface is refused", (_what, cidr) => {
  expect(whyRefused(inputs, [link("eth1", cidr)])).toContain(`overlaps ${cidr} of the interface eth1`);
});

test.each(["Homelab", "a-name-of-sixteen", "br0; reboot", "", "1st"])("'%s' is no name for a bridge", (bridge) => {
  expect(networkDriver.check?.({ ...inputs, bridge }).failures).toHaveLength(1);
});

test("machines reach each other where Docker filters the bridge, and the rule for it is deleted with the bridge", () => {
  const rule = `rule=(FORWARD -i homelab -o homelab -m comment --comment '${ownAlias(inputs)}' -j ACCEPT)`;
  expect(bridgeScript(inputs)).toContain(rule);
  expect(removeBridgeScript(inputs)).toContain(rule);
});

test("whose bridge it is can be seen, and the key by which it is known can't", () => {
  expect(ownAlias(inputs)).toMatch(/^homelab [0-9a-f]{16}$/);
});

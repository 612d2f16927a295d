import { bastionsOf, listedHosts, requireHostKeys } from "../../../cli/inventory";
import { hostKeyLines, whatToDo } from "../../../cli/host-key-report";
import { readStackFile } from "../../../settings/stack-file";
import { places } from "../../../cli/places";
import { parseHostKey } from "../../../providers/host/ssh/host-key";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHKwzNZJPsxn3CMfaWgPsF6TxLBx1QmjDIFVDQLLbGQ1";
const OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
// As ssh-keygen -lf prints it.
const FINGERPRINT = "SHA256:uoHEDD18k2PqrMZUywioA6X1gNRHeOE0eMoyDBsNmwU";

const host = { name: "cp1", host: "192.168.1.11", port: 22 };

test("the unedited example is readable, although no key is in it", () => {
  expect(
    listedHosts(readStackFile(places.settings("metal")).settings).map(
      ({ name, host, port }) => `${name} ${host}:${port}`,
    ),
  ).toEqual(["cp1 192.168.1.11:22", "worker1 192.168.1.12:22", "worker2 192.168.1.13:22"]);
});

test("machines that the program makes have no keys to list", () => {
  expect(() => listedHosts(readStackFile(places.settings("lab")).settings)).toThrow(
    "the program makes their host keys itself",
  );
});

test("a host is asked at its own port and through its own bastion, else at those of all hosts", () => {
  const gate = { host: "gate.example", user: "jump", hostKey: KEY, privateKeyPath: "~/.ssh/gate" };
  const ssh = { port: 2222, agent: true, bastion: { ...gate, port: 2200 } };
  const nodes = [
    { name: "cp1", address: "10.0.0.1" },
    { name: "worker1", address: "10.0.0.2" },
    { name: "worker2", address: "10.0.0.3", ssh: { port: 22, bastion: { host: "other.example", user: "me" } } },
  ];
  const hosts = listedHosts({ ssh, machines: { kind: "metal", nodes } });
  expect(hosts.map(({ port, bastion }) => [port, bastion?.name])).toEqual([
    [2222, "bastion gate.example:2200"],
    [2222, "bastion gate.example:2200"],
    [22, "bastion other.example:22"],
  ]);
  expect(bastionsOf(hosts).map(({ login, pinned }) => [login.privateKeyPath ?? login.agent, pinned])).toEqual([
    ["~/.ssh/gate", KEY],
    [true, undefined],
  ]);
});

test("a key is printed ready to paste, with its fingerprint and what is pinned now", () => {
  const key = parseHostKey(KEY);
  expect(hostKeyLines({ ...host, pinned: "ssh-ed25519 …" }, { key })).toEqual([
    `# cp1 (192.168.1.11:22): ${FINGERPRINT}, not pinned yet`,
    `hostKey: ${KEY}`,
  ]);
  expect(hostKeyLines({ ...host, pinned: KEY }, { key })[0]).toContain("the one that is pinned");
  expect(hostKeyLines({ ...host, pinned: OTHER }, { key })[0]).toContain("ANOTHER THAN THE PINNED SHA256:");
});

test("a server without an answer is named with the reason", () => {
  expect(hostKeyLines(host, { problem: "no answer within 15 s" })).toEqual([
    "# cp1 (192.168.1.11:22): no key: no answer within 15 s",
  ]);
});

test("an inventory without host keys is refused with what to edit, before anything is made for it", () => {
  const example = readStackFile(places.settings("metal")).settings;
  expect(() => requireHostKeys("metal", example)).toThrow(
    "Pulumi.metal.yaml is not filled in yet: there is no host key for cp1, worker1, worker2",
  );
  const nodes = [{ name: "cp1", address: "10.0.0.1", ssh: { hostKey: KEY } }];
  const bastion = { host: "gate.example", user: "jump" };
  expect(() => requireHostKeys("metal", { ssh: { bastion }, machines: { kind: "metal", nodes } })).toThrow(
    "there is no host key for bastion gate.example:22",
  );
  expect(() => requireHostKeys("metal", { machines: { kind: "metal", nodes } })).not.toThrow();
  expect(() => requireHostKeys("lab", readStackFile(places.settings("lab")).settings)).not.toThrow();
});

test("how to compare a key is said where there is one to compare", () => {
  const silent = { problem: "no answer" };
  expect(whatToDo([silent, { key: parseHostKey(KEY) }])).toContain("ssh-keygen -lf");
  expect(whatToDo([silent, silent])).toBeUndefined();
});

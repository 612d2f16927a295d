import fc from "fast-check";
import { load } from "js-yaml";
import { addressAt } from "../../../lab/multipass/home";
import { leaseFile, seedFiles } from "../../../lab/multipass/tree";
import { parseCloudConfig, printCloudConfig, vendorData, withOwnUser } from "../../../lab/multipass/user-data";

describe("user-data", () => {
  it("reaches cloud-init with the values that it has there: YAML 1.1, and nothing that was quoted is anything but text", () => {
    const text =
      "#cloud-config\nusers: [a]\nupdate: yes\nold: 0600\nquoted: '0600'\nword: 'yes'\nnothing: ~\nmany: |\n  a\n  b\n";
    expect(parseCloudConfig(text)).toEqual({
      users: ["a"],
      update: true,
      old: 0o600,
      quoted: "0600",
      word: "yes",
      nothing: null,
      many: "a\nb\n",
    });
    expect(printCloudConfig(parseCloudConfig(text))).toContain('quoted: "0600"'.replaceAll('"', "'"));
    expect(parseCloudConfig(printCloudConfig(parseCloudConfig(text)))).toEqual(parseCloudConfig(text));
  });

  it("survives being read and written, whatever its texts are", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.string(), (lines, text) => {
        const config = { lines, text };
        expect(load(printCloudConfig(config))).toEqual(config);
        expect(parseCloudConfig(printCloudConfig(config))).toEqual(config);
      }),
    );
  });

  it("that makes users of its own keeps the daemon's user and key, and other user-data is left alone", () => {
    expect(withOwnUser({ users: [{ name: "a" }], ssh_authorized_keys: ["b"] }, "key")).toEqual({
      users: [{ name: "a" }, "default"],
      ssh_authorized_keys: ["b", "key"],
    });
    expect(withOwnUser({ hostname: "x" }, "key")).toEqual({ hostname: "x" });
  });

  it("is in the seed beside what the daemon wants, under the instance's name", () => {
    const files = seedFiles("cp1", { userData: { hostname: "x" }, vendorData: vendorData("key") });
    expect(load(files["meta-data"] ?? "")).toEqual({
      "instance-id": "cp1",
      "local-hostname": "cp1",
      "cloud-name": "multipass",
    });
    expect(load(files["user-data"] ?? "")).toEqual({ hostname: "x" });
    expect(load(files["vendor-data"] ?? "")).toMatchObject({ users: ["default"], ssh_authorized_keys: ["key"] });
  });
});

describe("the fake Multipass's network", () => {
  it("counts addresses over the borders of bytes", () => {
    expect(addressAt("10.92.7.0/24", 1)).toBe("10.92.7.1");
    expect(addressAt("10.92.0.0/16", 300)).toBe("10.92.1.44");
  });

  it("gives a machine its lease and the workstation as its gateway", () => {
    const lease = leaseFile("10.92.7.11", { bridge: "b", subnet: "10.92.7.0/24" });
    expect(lease).toContain("Address=10.92.7.11/24\nGateway=10.92.7.1\n");
  });
});

import { acrossFindings, type KnownHost, otherMacs } from "../../../providers/host/preflight/across-findings";
import { clockFindings } from "../../../providers/host/preflight/clock";
import { type LastingFacts, lastingFacts } from "../../../providers/host/preflight/hosts";

function host(number: number, facts: Partial<LastingFacts> = {}, sharedKernel = false): KnownHost {
  const own = {
    hostname: `h${number}`,
    machineId: `id${number}`,
    productUuid: `uuid${number}`,
    macs: [`mac${number}`],
  };
  const role = number === 1 ? "control-plane" : "worker";
  return { name: `n${number}`, role, sharedKernel, facts: { ...own, resolved: true, ...facts } };
}

test("hosts that have nothing in common have no finding", () => {
  expect(acrossFindings([host(1), host(2), host(3)])).toEqual([]);
});

test.each<[string, Partial<LastingFacts>, RegExp, RegExp]>([
  ["dup-hostname", { hostname: "Same" }, /the hostname 'same' is that of two hosts/, /hostnamectl set-hostname/],
  [
    "dup-machine-id",
    { machineId: "abc" },
    /machine-id is the same \(abc\)/,
    /rm \/etc\/machine-id .*systemd-machine-id-setup/,
  ],
  ["dup-product-uuid", { productUuid: "u" }, /product_uuid is the same \(u\)/, /firmware or hypervisor/],
  ["dup-product-uuid/MAC", { macs: ["m", "n"] }, /has the same MAC on each \(m\)/, /MAC address/],
])("%s: names both hosts and says what to do", (_name, same, found, fix) => {
  const [first, ...others] = acrossFindings([host(1, same), host(2), host(3, same)]);
  expect(first).toEqual({
    hosts: ["n1", "n3"],
    name: expect.stringMatching(/^same-/) as string,
    problem: expect.stringMatching(found) as string,
    action: expect.stringMatching(fix) as string,
  });
  expect(others).toHaveLength(same.macs ? 1 : 0);
});

test("containers share the hardware of their workstation; a machine beside them must not", () => {
  const same = { productUuid: "u", macs: ["m"] };
  expect(acrossFindings([host(1, same, true), host(2, same, true)])).toEqual([]);
  expect(acrossFindings([host(1, same, true), host(2, same, false)])).toHaveLength(2);
});

describe("what hosts show of themselves", () => {
  const DEVICES = {
    addresses: "eno1:192.168.1.11/24 br0:10.0.0.1/24",
    deviceMacs: "eno1=02:00:00:00:00:01 enp0s20u=02:00:00:00:00:ff br0=02:00:00:00:00:02",
    productUuid: "4C4C4544-0042-3510-8051-B7C04F4D5A32",
  };
  const lasting = (facts: Record<string, string> = {}) =>
    lastingFacts({ facts: { ...DEVICES, ...facts }, steps: {}, folder: "" }, "192.168.1.11");

  test.each([
    "03000200-0400-0500-0006-000700080009",
    "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
    "00000000-0000-0000-0000-000000000000",
    "Not Settable",
  ])("uuid-placeholder: '%s', which many boards show, does not count", (productUuid) => {
    expect(lasting({ productUuid }).productUuid).toBe("");
    expect(lasting().productUuid).toBe("4c4c4544-0042-3510-8051-b7c04f4d5a32");
  });

  test("uuid-placeholder: only the MAC of the device with the node's address must be its own", () => {
    expect(lasting()).toMatchObject({
      macs: ["02:00:00:00:00:01"],
      otherMacs: ["02:00:00:00:00:ff", "02:00:00:00:00:02"],
    });
    const [first, second] = [host(1, { otherMacs: ["bmc"] }), host(2, { otherMacs: ["bmc"] })];
    expect(acrossFindings([first, second])).toEqual([]);
    expect(otherMacs([first, second])).toEqual([expect.stringMatching(/^n1, n2: .*\(bmc\); preflight\.accept/)]);
    // What is said of the node's own device is not said again.
    expect(otherMacs([host(1, { macs: ["m"] }), host(2, { macs: ["m"] })])).toEqual([]);
    // Those that earlier versions have recorded have all their devices in one list.
    expect(otherMacs([host(1, { macs: ["m1", "bmc"] }), second])).toHaveLength(1);
  });
});

test("a value that no host could show counts for none", () => {
  expect(acrossFindings([host(1, { productUuid: "" }), host(2, { productUuid: "" })])).toEqual([]);
});

test("resolv-loop: all kubelets get the resolv.conf of the first control plane, so hosts must not differ", () => {
  const [finding] = acrossFindings([host(1), host(2, { resolved: false })]);
  expect(finding).toMatchObject({ hosts: ["n2"], problem: expect.stringContaining("on n1 it is active") as string });
  const [other] = acrossFindings([host(1, { resolved: false }), host(2)]);
  expect(other).toMatchObject({
    hosts: ["n2"],
    action: expect.stringContaining("disable --now systemd-resolved") as string,
  });
});

describe("clock-skew", () => {
  const found = (...ahead: number[]) =>
    clockFindings(new Map(ahead.map((seconds, index) => [`n${index + 1}`, seconds]))).map(
      ({ hosts, problem: text }) => `${hosts.join(" ")}: ${text}`,
    );

  test("within 30 s of the others is none", () => {
    expect(found(0, 29.4, -0.6)).toEqual([]);
  });

  test("names the host that is away from the median", () => {
    expect(found(0, 3600, 1)).toEqual(["n2: the clock is 3599 s ahead of most others'"]);
    expect(found(0, 0, -31, 0)).toEqual(["n3: the clock is 31 s behind most others'"]);
  });

  test("of two hosts the workstation's clock tells which is wrong", () => {
    expect(found(3600, 0)).toEqual(["n1: the clock is 3600 s ahead of most others'"]);
  });

  test("of the workstation is said as such", () => {
    const here = ": the clock of the workstation, which runs pulumi, is 600 s behind most hosts'";
    expect(found(600, 601, 600)).toEqual([here]);
    expect(found(600, 600)).toEqual([here]);
  });

  test("of one host and the workstation it is not known whose it is", () => {
    expect(found(-90)).toEqual(["n1: the clock is 90 s behind the workstation's"]);
  });
});

import { acrossFindings, type KnownHost } from "../../../providers/host/preflight/across-findings";
import { clockFindings } from "../../../providers/host/preflight/clock";
import type { LastingFacts } from "../../../providers/host/preflight/hosts";

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
  ["dup-product-uuid/MAC", { macs: ["m", "n"] }, /same address on each \(m\)/, /MAC address/],
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

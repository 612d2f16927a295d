import { holds } from "../../../providers/host/facts/facts";
import { type DriftRecord, noDrift, raiseDrift, withSteps } from "../../../providers/host/inspection/compare";
import { certificateWarnings, hostFacts } from "../../../providers/host/inspection/host-facts";
import { type HostReport, parseReport } from "../../../providers/host/inspection/parse";

const line = (...fields: string[]) => ["mark", ...fields].join("\t");

test("lines of profiles and messages of the day are no facts", () => {
  const output = ["Welcome!", "fact\tosId\tevil", `prompt> ${line("fact", "osId", "debian")}`, "", line("end")].join(
    "\n",
  );
  expect(parseReport(output, "mark").facts).toEqual({ osId: "debian" });
});

test("output that is cut off is an error, not a host without expected state", () => {
  expect(() => parseReport(line("fact", "osId", "debian"), "mark")).toThrow("did not come to its end");
});

function report(steps: Record<string, { run: string; found: string }>, folder = "f1"): HostReport {
  return {
    facts: {},
    folder,
    steps: Object.fromEntries(
      Object.entries(steps).map(([step, { run, found }]) => [
        step,
        { run, facts: [{ kind: "sysctl", key: "vm.swappiness", expected: "1", found }] },
      ]),
    ),
  };
}

describe("drift", () => {
  const start = noDrift(["sysctls", "swap"]);
  const look = (record: DriftRecord, seen: HostReport) => raiseDrift(record, ["sysctls", "swap"], seen);
  const fine = { run: "r1", found: "1" };

  test("is not there where every fact is as expected", () => {
    expect(look(start, report({ sysctls: fine, swap: fine }))).toEqual(start);
  });

  test("raises the generation of the drifted step alone, with the reason", () => {
    const { drifts } = look(start, report({ sysctls: { run: "r1", found: "9" }, swap: fine }));
    expect(drifts).toEqual({
      sysctls: { generation: 1, reason: "sysctl vm.swappiness is 9, expected 1" },
      swap: { generation: 0, reason: "" },
    });
  });

  test("raises it once until the step has run again", () => {
    const drifted = report({ sysctls: { run: "r1", found: "9" }, swap: fine });
    const once = look(start, drifted);
    expect(look(once, drifted)).toEqual(once);
    const again = look(once, report({ sysctls: { run: "r2", found: "9" }, swap: fine }));
    expect(again.drifts.sysctls?.generation).toBe(2);
  });

  test("never lowers it", () => {
    const once = look(start, report({ sysctls: { run: "r1", found: "9" }, swap: fine }));
    expect(look(once, report({ sysctls: fine, swap: fine })).drifts).toEqual(once.drifts);
  });

  test("is found where a step's expected state is missing, once for each time that they go", () => {
    const once = look(start, report({ swap: fine }, "f1"));
    expect(once.drifts.sysctls).toEqual({ generation: 1, reason: "its expected state is missing on the host" });
    expect(look(once, report({ swap: fine }, "f1"))).toEqual(once);
    expect(look(once, report({ swap: fine }, "f2")).drifts.sysctls?.generation).toBe(2);
  });

  test("of several facts names one and counts the others", () => {
    const seen = report({ sysctls: { run: "r1", found: "9" }, swap: fine });
    seen.steps.sysctls?.facts.push({ kind: "file", key: "/etc/x", expected: "a 644", found: "missing" });
    expect(look(start, seen).drifts.sysctls?.reason).toBe("sysctl vm.swappiness is 9, expected 1 and 1 more");
  });

  test("keeps what is known when steps are added or go", () => {
    const once = look(start, report({ sysctls: { run: "r1", found: "9" }, swap: fine }));
    expect(withSteps(once, ["sysctls", "storage"]).drifts).toEqual({
      sysctls: once.drifts.sysctls,
      storage: { generation: 0, reason: "" },
    });
  });
});

test.each([
  ["package", "*", "1.2", true],
  ["package", "*", "missing", false],
  ["package", "2.2.3-1", "2.2.3-1~debian.12~bookworm", true],
  ["package", "2.2.3-1", "2.2.3-10", false],
  ["sysctl-minimum", "512", "1024", true],
  ["sysctl-minimum", "512", "128", false],
  ["sysctl-minimum", "512", "missing", false],
  ["unit-active", "active", "failed", false],
  ["a-newer-kind", "x", "of a kind that this version does not know", false],
])("a fact of kind %s for '%s' where '%s' is found: holds is %s", (kind, expected, found, whether) => {
  expect(holds({ kind, key: "k", expected, found })).toBe(whether);
});

describe("facts that last", () => {
  const facts = { machine: "x86_64", sysResource: "1", cgroupVersion: "2", cpus: "4", listening: "tcp:22:1:sshd" };
  const own = { "certificate /var/lib/kubelet/pki/kubelet-client-current.pem": "Nov 30 10:00:00 2026 GMT" };
  const kubeadms = {
    "certificate /etc/kubernetes/pki/apiserver.crt": "Nov 22 19:30:00 2027 GMT",
    "certificate /etc/kubernetes/admin.conf": "Oct  1 09:00:00 2027 GMT",
  };

  test("are what does not change from one inspection to the next", () => {
    const { certificatesExpire, ...others } = hostFacts({ ...facts, ...own, ...kubeadms });
    expect(others).toMatchObject({ architecture: "amd64", cgroupVersion: 2, sysResource: true, cpus: 4 });
    expect(others).not.toHaveProperty("listening");
    expect(certificatesExpire).toBe("2027-10-01");
    expect(hostFacts({ ...facts, ...own })).not.toHaveProperty("certificatesExpire");
  });

  test("cert-expiry: certificates that end within 30 days are a warning that says how to renew them", () => {
    expect(certificateWarnings(kubeadms, new Date("2027-08-31T00:00:00Z"))).toEqual([]);
    const [warning, ...others] = certificateWarnings(kubeadms, new Date("2027-09-11T00:00:00Z"));
    expect(others).toEqual([]);
    expect(warning).toMatch(
      /^the certificate .*admin.conf ends on 2027-10-01, in 20 days\. Run 'sudo kubeadm certs renew all'/,
    );
    const [late] = certificateWarnings(kubeadms, new Date("2027-12-01T00:00:00Z"));
    expect(late).toMatch(/admin.conf ended on 2027-10-01, and 1 more end within 30 days\. /);
  });

  test("cert-expiry: kubelet's own certificate should have been renewed by kubelet", () => {
    const [warning] = certificateWarnings(own, new Date("2026-11-29T12:00:00Z"));
    expect(warning).toContain("in 0 days, and kubelet should have renewed it");
  });
});

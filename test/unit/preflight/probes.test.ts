import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { Role } from "../../../providers/host/preflight/hosts";
import type { NeededPort } from "../../../providers/host/preflight/ports";
import { type Probe, type ProbedHost, probePlan } from "../../../providers/host/preflight/probe-plan";
import {
  parseProbes,
  type ProbeOutcome,
  type ProbeReport,
  probeScript,
} from "../../../providers/host/preflight/probe-script";
import { reachFindings } from "../../../providers/host/preflight/reach-findings";
import { freePort } from "../../harness/servers/free-port";
import { EXPECTED } from "./expectations";

function host(number: number, role: Role, listening?: string): ProbedHost {
  const address = `10.0.0.${number}`;
  return { name: `n${number}`, role, address, incarnation: "1", sharedKernel: false, listening };
}
const plan = (...hosts: ProbedHost[]) => probePlan(hosts, EXPECTED);
const text = ({ from, to, port, answered }: Probe) =>
  `${from}>${to} ${port.protocol}:${port.port}${answered ? "" : " touch"}`;

describe("the plan of the probes", () => {
  test("tries on each host what others need there", () => {
    expect(plan(host(1, "control-plane", ""), host(2, "worker", "")).map(text)).toEqual([
      ...["n1>n2 tcp:10250", "n1>n2 tcp:4240", "n1>n2 udp:8472", "n1>n2 tcp:4244"],
      ...["n2>n1 tcp:6443", "n2>n1 tcp:10250", "n2>n1 tcp:4240", "n2>n1 udp:8472", "n2>n1 tcp:4244"],
    ]);
  });

  test("tries etcd's ports between control planes", () => {
    const texts = plan(host(1, "control-plane", ""), host(2, "control-plane", ""), host(3, "worker", "")).map(text);
    expect(texts).toEqual(expect.arrayContaining(["n1>n2 tcp:2379", "n2>n1 tcp:2380"]));
    expect(texts.filter((line) => line.startsWith("n3>") && line.includes("23"))).toEqual([]);
  });

  test("only touches what others listen on, and lets no host of an earlier run take part", () => {
    const texts = plan(host(1, "control-plane"), host(2, "worker", "tcp:10250:9:kubelet udp:8472::")).map(text);
    expect(texts).toEqual(["tcp:6443", "tcp:10250", "tcp:4240", "tcp:4244"].map((port) => `n2>n1 ${port} touch`));
    const both = plan(host(1, "control-plane", ""), host(2, "worker", "tcp:10250:9:kubelet udp:8472::")).map(text);
    expect(both.slice(0, 3)).toEqual(["n1>n2 tcp:10250 touch", "n1>n2 tcp:4240", "n1>n2 tcp:4244"]);
  });

  test("grows no more with the square of the number of hosts when there are many", () => {
    const hosts = Array.from({ length: 40 }, (_, index) =>
      host(index + 1, index === 0 ? "control-plane" : "worker", ""),
    );
    const probes = plan(...hosts);
    expect(probes.length).toBeLessThan(40 * 4 * 5);
    const reached = new Set(probes.map(({ from, to }) => `${from}>${to}`));
    for (const { name } of hosts.slice(1)) {
      expect(reached).toContain(`n1>${name}`);
      expect(reached).toContain(`${name}>n1`);
    }
  });
});

describe("a host's probes", () => {
  const probe = (from: string, to: string, number: number, protocol: "tcp" | "udp", answered = true): Probe => {
    const port: NeededPort = { protocol, port: number, purpose: "test", on: "all", from: "all" };
    return { from, to, address: "127.0.0.1", port, answered };
  };
  // What is tried on the other host comes to this one: they have one address here.
  const run = (probes: Probe[]) => {
    const { stdout, stderr } = spawnSync("bash", ["-s"], { input: probeScript("a", probes, "mark"), encoding: "utf8" });
    expect(stderr).toBe("");
    return parseProbes(stdout, "mark");
  };

  test("listen, answer and end as soon as all have come", async () => {
    const free = await freePort();
    const begin = Date.now();
    const { outcomes, unbound } = run(
      (["tcp", "udp"] as const).flatMap((protocol) => [
        probe("a", "b", free, protocol),
        probe("b", "a", free, protocol),
      ]),
    );
    expect([...outcomes]).toEqual([
      [0, "ok"],
      [2, "ok"],
    ]);
    expect([...unbound]).toEqual([]);
    expect(Date.now() - begin).toBeLessThan(3_000);
  });

  test("are refused where nothing listens, and know which ports they could not take", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const taken = (server.address() as AddressInfo).port;
    const { outcomes, unbound } = run([
      probe("a", "b", taken, "tcp", false),
      probe("a", "b", await freePort(), "tcp", false),
      probe("b", "a", taken, "tcp"),
    ]);
    expect([...outcomes.values()]).toEqual(["ok", "refused"]);
    expect([...unbound]).toEqual([`tcp:${taken}`]);
    server.close();
  }, 20_000);
});

describe("what the probes say", () => {
  const hosts = [host(1, "control-plane", ""), host(2, "worker", ""), host(3, "worker", "")];
  const probes = plan(...hosts);
  const reports = (failed: Record<string, ProbeOutcome>, unbound: Record<string, string[]> = {}) =>
    new Map(
      hosts.map(({ name }): [string, ProbeReport] => [
        name,
        {
          outcomes: new Map(
            probes.flatMap((one, index) => (one.from === name ? [[index, failed[text(one)] ?? "ok"] as const] : [])),
          ),
          unbound: new Set(unbound[name]),
        },
      ]),
    );

  test("is nothing where every host reaches every other", () => {
    expect(reachFindings(probes, reports({}))).toEqual([]);
  });

  test("names from, to, ports with their purpose, and what to open; once for all hosts that are kept out alike", () => {
    const lost = Object.fromEntries(
      ["n1>n3", "n2>n3"].flatMap((pair) =>
        [`${pair} tcp:10250`, `${pair} udp:8472`].map((one) => [one, "lost" as const]),
      ),
    );
    expect(reachFindings(probes, reports(lost))).toEqual([
      {
        hosts: ["n3"],
        name: "firewall",
        problem: "packets from n1, n2 get no answer at 10.0.0.3 on 10250/tcp (kubelet), 8472/udp (Cilium's tunnel)",
        action: expect.stringContaining("let 10250/tcp, 8472/udp in from n1, n2: check the firewall of n3") as string,
      },
    ]);
  });

  test("is nothing of a port on which the other host could not listen, or of a host that could not probe", () => {
    expect(reachFindings(probes, reports({ "n1>n2 tcp:4240": "refused" }, { n2: ["tcp:4240"] }))).toEqual([]);
    const partial = reports({ "n1>n2 tcp:4240": "lost" });
    partial.delete("n2");
    expect(reachFindings(probes, partial)).toEqual([]);
  });

  test("is of a host that was not asked only what was lost on the way", () => {
    const later = plan(host(1, "control-plane"), host(2, "worker", ""));
    const outcomes = (outcome: ProbeOutcome) =>
      new Map([["n2", { outcomes: new Map([[0, outcome]]), unbound: new Set<string>() }]]);
    expect(reachFindings(later, outcomes("refused"))).toEqual([]);
    expect(reachFindings(later, outcomes("lost"))).toEqual([
      expect.objectContaining({
        hosts: ["n1"],
        problem: expect.stringContaining("6443/tcp (Kubernetes API)") as string,
      }),
    ]);
  });
});

import { difference, type Driver } from "../../driver";
import type { SshTarget } from "../ssh/target";
import { apiFindings } from "./api-reach";
import { type Expectations, type LastingFacts, lastingFacts, type PreflightHost } from "./hosts";
import { judge } from "./judge";
import { inspectAll } from "./inspect-all";
import { wantedOf } from "./wanted-of";
import { probePlan } from "./probe-plan";

export interface PreflightInputs {
  hosts: PreflightHost[];
  /** How each host is reached, in the order of `hosts`. Secret. */
  targets: SshTarget[];
  expected: Expectations;
}

export interface PreflightOutputs {
  hosts: PreflightHost[];
  /** By host: what later hosts are compared with. */
  checked: Record<string, LastingFacts>;
  /** Hosts that could not be reached: they are tried again by the next `up`. */
  unchecked: string[];
}

/**
 * Inspects all hosts before the first change on any. All steps wait for it: where anything is wrong it
 * fails with all findings at once, and no host was changed. A host that can't be reached is no finding: its own inspection
 * fails, and the others go on.
 *
 * How hosts are reached is not in the outputs, and what is expected of them is not compared: neither makes an
 * inspected host another one.
 */
export const preflightDriver: Driver<PreflightInputs, PreflightOutputs> = {
  diff(_id, recorded, wanted) {
    const hosts = difference(recorded, wanted, { ignore: ["targets", "expected"] });
    return { ...hosts, changes: hosts.changes || recorded.unchecked.length > 0 };
  },

  async create(inputs) {
    return { id: "preflight", outputs: await preflight(inputs, new Map()) };
  },

  update: async (_id, recorded, wanted) => preflight(wanted, stillChecked(recorded, wanted.hosts)),

  async delete() {
    // It leaves nothing, here or on a host.
  },
};

/** The hosts that were inspected and are the same since. */
function stillChecked(
  { hosts, checked }: PreflightOutputs,
  wanted: readonly PreflightHost[],
): Map<string, LastingFacts> {
  const same = new Map<string, LastingFacts>();
  for (const host of wanted) {
    const before = hosts.find(({ name }) => name === host.name);
    const facts = checked[host.name];
    if (before && facts && !difference(before, host).changes) same.set(host.name, facts);
  }
  return same;
}

async function preflight(inputs: PreflightInputs, known: ReadonlyMap<string, LastingFacts>): Promise<PreflightOutputs> {
  const { hosts, targets, expected } = inputs;
  const toInspect = targets.filter(({ name }) => !known.has(name));
  const wantedOn = (name: string) => {
    const host = hosts.find((one) => one.name === name);
    return host ? wantedOf(host, expected) : expected;
  };
  const seen = await inspectAll(toInspect, wantedOn, (inspected) =>
    probePlan(
      hosts
        .filter(({ name }) => known.has(name) || inspected.has(name))
        .map((host) => {
          const found = inspected.get(host.name);
          return found ? { ...host, listening: found.report.facts.listening ?? "" } : host;
        }),
      expected,
    ),
  );
  // A control plane that is there already was tried when it was inspected.
  const first = hosts.find(({ role }) => role === "control-plane");
  const endpoint = { host: expected.apiHost ?? first?.address ?? "", port: expected.apiPort };
  const api = first && seen.inspected.has(first.name) ? await apiFindings(first, endpoint) : [];
  judge({ hosts, expected, known, api, ...seen });
  const facts = hosts.flatMap(({ name, address }): [string, LastingFacts][] => {
    const found = seen.inspected.get(name);
    const lasting = found ? lastingFacts(found.report, address) : known.get(name);
    return lasting ? [[name, lasting]] : [];
  });
  const unchecked = hosts
    .map(({ name }) => name)
    .filter((name) => !facts.some(([checkedName]) => checkedName === name));
  return { hosts, checked: Object.fromEntries(facts), unchecked };
}

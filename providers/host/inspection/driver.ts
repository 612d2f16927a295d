import { warn } from "../../warn";
import { difference, type Driver, sameValue } from "../../driver";
import { takeInspected } from "../preflight/cache";
import { clockFinding } from "../preflight/clock";
import type { AcceptableName } from "../preflight/finding-names";
import { hostFindings, notAccepted } from "../preflight/judge";
import { whatToDo } from "../preflight/table";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import type { SshTarget } from "../ssh/target";
import { type DriftRecord, noDrift, raiseDrift, withSteps } from "./compare";
import { certificateWarnings, type HostFacts, hostFacts } from "./host-facts";
import { inspect, INSPECTING } from "./inspect";

interface InspectionInputs {
  target: SshTarget;
  /** Changes when the host is replaced. */
  incarnation: string;
  /** The steps that the host gets. */
  steps: string[];
  /** What the inventory declares of the host, to be compared with what is found. */
  sharedKernel?: boolean;
  /** Findings that are only a warning. */
  accepted?: AcceptableName[];
}

interface InspectionOutputs extends InspectionInputs, DriftRecord {
  facts: HostFacts;
}

/** A host that was just started may still boot. In seconds. */
const CONNECT_FIRST = { timeoutSeconds: 180 };
/** One dead host must not keep a refresh of the others waiting. In seconds. */
const CONNECT_AGAIN = { timeoutSeconds: 30 };

/**
 * The status of a host: its facts, and the drift of its steps. It is a resource of its own, apart from the machine,
 * because it changes by itself; `read` is the only part of a refresh that connects to the host, and does so once.
 */
export const inspectionDriver: Driver<InspectionInputs, InspectionOutputs> = {
  // What is accepted decides whether a host is admitted; an admitted one stays as it is.
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { ignore: ["accepted"] }),

  async create(inputs) {
    const facts = await admitted(inputs);
    return { id: inputs.target.name, outputs: { ...inputs, facts, ...noDrift(inputs.steps) } };
  },

  async read(id, recorded) {
    const { report } = await withSsh(recorded.target, CONNECT_AGAIN, INSPECTING, (session) =>
      inspect(session, { preflight: false }),
    );
    warnOfCertificates(recorded.target.name, report.facts);
    const inputs = inputsOf(recorded);
    const record = raiseDrift(recorded, inputs.steps, report);
    return { id, inputs, outputs: { ...inputs, facts: hostFacts(report.facts), ...record } };
  },

  async update(_id, recorded, wanted) {
    const sameHost = sameValue(recorded.target, wanted.target) && recorded.incarnation === wanted.incarnation;
    const facts = sameHost && recorded.sharedKernel === wanted.sharedKernel ? recorded.facts : await admitted(wanted);
    return { ...wanted, facts, ...withSteps({ drifts: recorded.drifts, raisedFor: recorded.raisedFor }, wanted.steps) };
  },

  async delete() {
    // It leaves nothing on the host.
  },
};

function inputsOf({ target, incarnation, steps, sharedKernel, accepted }: InspectionOutputs): InspectionInputs {
  return {
    ...{ target, incarnation, steps },
    ...(sharedKernel === undefined ? {} : { sharedKernel }),
    ...(accepted === undefined ? {} : { accepted }),
  };
}

/**
 * The facts of a host on which the steps can run. Where the preflight of this run inspected the host, it also judged it;
 * where it did not, this does, as far as one host tells. Throws where the steps can't run: before anything was changed.
 */
async function admitted(inputs: InspectionInputs): Promise<HostFacts> {
  const { target, sharedKernel, accepted = [] } = inputs;
  const known = takeInspected(target);
  if (known) return hostFacts(known.report.facts);
  const found = await withSsh(target, CONNECT_FIRST, INSPECTING, (session) => inspect(session, { preflight: true }));
  const findings = notAccepted(
    [
      ...hostFindings({ name: target.name, report: found.report, sharedKernel }),
      ...clockFinding(target.name, found.clockAheadSeconds),
    ],
    accepted,
  );
  if (findings.length > 0) {
    throw new HostError({
      kind: "command",
      host: target.name,
      doing: INSPECTING,
      problem: findings.map((finding) => `${finding.problem}: ${whatToDo(finding)}`).join("; "),
      action: "Nothing was changed on the host; fix that and run the same command again",
    });
  }
  return hostFacts(found.report.facts);
}

function warnOfCertificates(host: string, facts: Readonly<Record<string, string>>): void {
  for (const warning of certificateWarnings(facts, new Date())) {
    warn(`${host}: ${warning}`);
  }
}

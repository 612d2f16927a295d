import { rootShell } from "../../shell/script";
import { difference, type Driver, sameValue } from "../driver";
import { withSsh } from "../ssh/connect";
import { HostError } from "../ssh/errors";
import type { RunResult, SshTarget } from "../ssh/target";
import { type DriftRecord, noDrift, raiseDrift, withSteps } from "./compare";
import { gatherScript, newMarker } from "./gather";
import { type HostFacts, hostFacts, problemsOfHost } from "./host-facts";
import { type Gathering, parseGathering } from "./parse";

export interface InspectionInputs {
  target: SshTarget;
  /** Changes when the machine is made anew. */
  incarnation: string;
  /** The steps that the machine gets. */
  steps: string[];
  /** What the inventory declares of the machine, to be compared with what is found. */
  sharedKernel?: boolean;
}

export interface InspectionOutputs extends InspectionInputs, DriftRecord {
  facts: HostFacts;
}

/** A machine that was just started may still boot. In seconds. */
const CONNECT_FIRST = { timeoutSeconds: 180 };
/** One dead host must not keep a refresh of the others waiting. In seconds. */
const CONNECT_AGAIN = { timeoutSeconds: 30 };
const GATHER_LIMIT_SECONDS = 60;

/**
 * The condition of a host: its facts, and the drift of its steps. It is a resource of its own, apart from the machine,
 * because it changes by itself; `read` is the only part of a refresh that connects to the host, and does so once.
 */
export const inspectionDriver: Driver<InspectionInputs, InspectionOutputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted),

  async create(inputs) {
    const facts = await admitted(inputs);
    return { id: inputs.target.name, outputs: { ...inputs, facts, ...noDrift(inputs.steps) } };
  },

  async read(id, recorded) {
    const gathering = await gather(recorded.target, CONNECT_AGAIN);
    const inputs = inputsOf(recorded);
    const record = raiseDrift(recorded, inputs.steps, gathering);
    return { id, inputs, outputs: { ...inputs, facts: hostFacts(gathering.facts), ...record } };
  },

  async update(_id, recorded, wanted) {
    const sameHost = sameValue(recorded.target, wanted.target) && recorded.incarnation === wanted.incarnation;
    const facts = sameHost && recorded.sharedKernel === wanted.sharedKernel ? recorded.facts : await admitted(wanted);
    return { ...wanted, facts, ...withSteps({ drifts: recorded.drifts, raisedFor: recorded.raisedFor }, wanted.steps) };
  },

  async delete() {
    // Nothing on the host is of it.
  },
};

function inputsOf({ target, incarnation, steps, sharedKernel }: InspectionOutputs): InspectionInputs {
  return { target, incarnation, steps, ...(sharedKernel === undefined ? {} : { sharedKernel }) };
}

/** The facts of a host on which the steps can run. Throws where they can't: before anything was changed. */
async function admitted(inputs: InspectionInputs): Promise<HostFacts> {
  const { facts } = await gather(inputs.target, CONNECT_FIRST);
  const problems = problemsOfHost(facts, { sharedKernel: inputs.sharedKernel, now: Date.now() / 1000 });
  if (problems.length > 0) {
    throw new HostError({
      kind: "command",
      host: inputs.target.name,
      doing: DOING,
      why: problems.join("; "),
      next: "Nothing was changed on the host; mend that and run the same command again",
    });
  }
  return hostFacts(facts);
}

const DOING = "inspecting the host";

async function gather(target: SshTarget, limits: { timeoutSeconds: number }): Promise<Gathering> {
  const marker = newMarker();
  const result = await withSsh(target, limits, DOING, (session) =>
    session.run(rootShell(target.user), { stdin: gatherScript(marker), timeoutSeconds: GATHER_LIMIT_SECONDS }),
  );
  if (result.exitCode !== 0) throw failure(target, result);
  return parseGathering(result.stdout, marker);
}

function failure(target: SshTarget, result: RunResult): HostError {
  const said = result.stderr.trim();
  const noSudo = /sudo: (.*password|.*not found)|sudo: not found|command not found.*sudo|not in the sudoers/i.test(
    said,
  );
  return new HostError({
    kind: "command",
    host: target.name,
    doing: DOING,
    why: noSudo
      ? `the user '${target.user}' may not use sudo without a password (${lastLine(said)})`
      : `the script ended with exit code ${result.exitCode}: ${lastLine(said) || "it said nothing"}`,
    next: noSudo
      ? `Install sudo and put '${target.user} ALL=(ALL) NOPASSWD:ALL' into /etc/sudoers.d/${target.user} on the host; nothing was changed there`
      : "Nothing was changed on the host; mend that and run the same command again",
  });
}

function lastLine(text: string): string {
  return text.split("\n").at(-1) ?? "";
}

import type { Wanted } from "../inspection/wanted";
import { newMarker } from "../shell/as-root";
import { inspect, type Inspected, INSPECTING } from "../inspection/inspect";
import { withSsh } from "../ssh/connect";
import { runAsRoot } from "../ssh/root";
import type { SshSession, SshTarget } from "../ssh/target";
import { isOf } from "../ssh/skip-if-unreachable";
import { warn } from "../../warn";
import { rememberInspected } from "./cache";
import type { Probe } from "./probe-plan";
import { failedProbes } from "./reach-findings";
import { parseProbes, PROBE_SECONDS, type ProbeReport, probeScript } from "./probe-script";

/** What all hosts showed. */
export interface Seen {
  /** By host; those that could not be inspected are not in it. */
  inspected: Map<string, Inspected>;
  /** Why a host could not be reached, or not for long enough. */
  unreached: Map<string, Error>;
  /** Why a host that was reached could not be inspected: something is wrong with it. */
  refused: Map<string, Error>;
  /** The probes of the last round: of the second, where any failed in the first. */
  plan: Probe[];
  /** By host; how the probes of that round went. */
  reports: Map<string, ProbeReport>;
}

/** A host that was just started may still boot. In seconds. */
const CONNECT = { timeoutSeconds: 180 };
const PROBING = "trying the network between the hosts";
/** A busy host takes a while to start the probes. In seconds. */
const PROBE_LIMIT = PROBE_SECONDS + 20;

/**
 * Inspects hosts side by side, by one connection each: first each host, and when all are inspected or given up, the
 * network between them.
 *
 * @param wantedOn what the steps will bring to a host
 * @param planOf which host tries which other, by what was seen
 */
export async function inspectAll(
  targets: readonly SshTarget[],
  wantedOn: (host: string) => Wanted,
  planOf: (inspected: ReadonlyMap<string, Inspected>) => Probe[],
): Promise<Seen> {
  const seen: Seen = { inspected: new Map(), unreached: new Map(), refused: new Map(), plan: [], reports: new Map() };
  const rounds = [
    gate(targets.length, () => (seen.plan = planOf(seen.inspected))),
    gate(targets.length, () => {
      seen.plan = failedProbes(seen.plan, seen.reports);
      seen.reports = new Map();
    }),
  ];
  // Hosts know each other's packets by it.
  const marker = newMarker();
  await Promise.all(
    targets.map(async (target) => {
      let reached = false;
      const ahead = [...rounds];
      try {
        await withSsh(target, CONNECT, INSPECTING, async (session) => {
          reached = true;
          const found = await inspect(session, { preflight: true, wanted: wantedOn(target.name) });
          seen.inspected.set(target.name, found);
          rememberInspected(target, found);
          for (let round = ahead.shift(); round; round = ahead.shift()) {
            round.arrive();
            await round.passed;
            await probe(session, seen, marker);
          }
        });
      } catch (error) {
        takeFailure(seen, target, error, reached);
      } finally {
        // No other host waits for one that is gone.
        for (let round = ahead.shift(); round; round = ahead.shift()) round.arrive();
      }
    }),
  );
  return seen;
}

async function probe(session: SshSession, seen: Seen, marker: string): Promise<void> {
  const { name } = session.target;
  if (!seen.plan.some(({ from, to }) => from === name || to === name)) return;
  const script = probeScript(name, seen.plan, marker);
  const { stdout } = await runAsRoot(session, script, { doing: PROBING, timeoutSeconds: PROBE_LIMIT });
  seen.reports.set(name, parseProbes(stdout, marker));
}

/** A host that was seen stays seen: what failed after that were the probes. */
function takeFailure(seen: Seen, target: SshTarget, error: unknown, reached: boolean): void {
  const failure = error instanceof Error ? error : new Error(String(error));
  if (seen.inspected.has(target.name)) {
    warn(`${target.name}: the network to and from the host was not tried: ${failure.message}`);
    return;
  }
  if (reached && !isOf(error, "unreachable") && !isOf(error, "timeout")) {
    seen.refused.set(target.name, failure);
    return;
  }
  seen.unreached.set(target.name, failure);
  // The host's own inspection fails by it, instead of waiting, or logging in wrongly, once more.
  rememberInspected(target, failure);
}

/** `passed` resolves when so many have arrived, after `onPass`. */
function gate(count: number, onPass: () => void): { arrive: () => void; passed: Promise<void> } {
  let pass: () => void = () => undefined;
  const passed = new Promise<void>((resolve) => (pass = resolve));
  let missing = count;
  return {
    passed,
    arrive() {
      missing--;
      if (missing > 0) return;
      onPass();
      pass();
    },
  };
}

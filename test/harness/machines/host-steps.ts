import { nodeSteps } from "../../../components/node/prepare-nodes";
import { stepsOf } from "../../../components/node/steps";
import { withSsh } from "../../../providers/host/ssh/connect";
import { runAsRootOrFail } from "../../../providers/host/ssh/root";
import type { RunResult, SshTarget } from "../../../providers/host/ssh/target";
import { stepScript } from "../../../providers/host/shell/script";
import type { Capabilities } from "../../../providers/machines/machine";
import { parseSettings, type Settings } from "../../../settings";
import { testSettings } from "../stacks/lab-settings";

/** In seconds. */
export interface StepLimits {
  connect: number;
  step: number;
}

export interface StepChange {
  settings?: Partial<ReturnType<typeof nodeSteps>>;
  capabilities?: Partial<Capabilities>;
  /** Changes the script itself, where a limit is too long for a test. */
  edit?: (script: string) => string;
}

/** The script of one of the real steps by itself, which carries the library. */
export function scriptOfStep(host: string, settings: Settings, name: string, change: StepChange = {}): string {
  const capabilities = { sharedKernel: true, iscsi: false, ...change.capabilities };
  const steps = stepsOf(capabilities, { ...nodeSteps(settings), ...change.settings });
  const step = steps.find((one) => one.name === name);
  if (!step) throw new Error(`there is no step ${name}`);
  const script = stepScript({ ...step, host, step: name, standalone: true });
  return change.edit?.(script) ?? script;
}

/** Runs a script as root over SSH, as the program does; throws a HostError where it fails. */
export async function runAsProgram(
  target: SshTarget,
  script: string,
  doing: string,
  limits: StepLimits,
): Promise<RunResult> {
  return withSsh(target, { timeoutSeconds: limits.connect }, doing, (session) =>
    runAsRootOrFail(session, script, { timeoutSeconds: limits.step }),
  );
}

/** The settings of the lab stack, moved to a bridge of a test's own. The first host is the control plane. */
export async function settingsOfHosts(name: string, subnet: string, port: number, count: number): Promise<Settings> {
  const roles = Array.from({ length: count }, (_, index) =>
    index === 0 ? ("control-plane" as const) : ("worker" as const),
  );
  const config = await testSettings({ roles }, name, subnet, port);
  const raw = Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace(/^homelab:/, ""), value]));
  const { settings, problems } = parseSettings(raw);
  if (!settings) throw new Error(problems.join("\n"));
  return settings;
}

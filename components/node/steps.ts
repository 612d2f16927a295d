import type { ExpectedFact } from "../../providers/host/facts/expected";
import type { Capabilities } from "../../providers/machines/machine";
import { storage } from "../addons/longhorn/node-step";
import { basePackages } from "./base-packages";
import { containerd } from "./containerd";
import { kernelModules } from "./kernel-modules";
import { kubernetesPackages } from "./kubernetes-packages";
import { library } from "./library";
import { proxyEnvironment } from "./proxy";
import type { NodeSteps, Step } from "./step";
import { swap } from "./swap";
import { sysctls } from "./sysctls";

/** The steps of a host, in their order: each may use what those before it leave. */
export const STEPS: readonly Step[] = [
  library,
  kernelModules,
  sysctls,
  swap,
  basePackages,
  storage,
  containerd,
  kubernetesPackages,
];

/** What a step does on one host. */
export interface HostStep {
  name: string;
  standalone: boolean;
  commands: string;
  expected: ExpectedFact[];
  environment: Record<string, string>;
}

/** The steps of one host, in their order. */
export function stepsOf(capabilities: Capabilities, settings: NodeSteps): HostStep[] {
  const args = { ...settings, ...capabilities };
  return STEPS.filter(({ isWanted }) => isWanted?.(args) ?? true).map((step) => ({
    name: step.name,
    standalone: step.standalone ?? false,
    commands: step.commands(args),
    expected: step.expected(args),
    environment: step.online ? proxyEnvironment(args.proxy) : {},
  }));
}

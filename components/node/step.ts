import type { ExpectedFact } from "../../providers/host/facts/expected";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import type { AcceptableName } from "../../providers/host/preflight/finding-names";
import type { Capabilities } from "../../providers/machines/machine";
import type { AptRepository } from "./apt-repository";
import type { ContainerdSettings } from "./containerd-config";
import type { StorageFolder } from "../addons/longhorn/storage";

/** What the settings say of hosts. */
export interface NodeSteps {
  kubernetesVersion: string;
  /** Of the Debian packages: "1.1" in `1.36.3-1.1`. */
  kubernetesDebRevision: string;
  /** Version of the package cri-tools, without the revision. */
  criToolsVersion: string;
  /** Version of the package containerd.io; a distribution's suffix is allowed for. */
  containerdVersion: string;
  containerd: ContainerdSettings;
  /** Kernel modules beside those that are needed. */
  modules: readonly string[];
  /** Added to the sysctls that are needed, or in their place. */
  sysctls: Readonly<Record<string, string>>;
  repositories: { kubernetes: AptRepository; docker: AptRepository };
  /** The host keeps volumes of Longhorn. */
  storage?: StorageFolder;
  /** Findings of the preflight that are only a warning; left out: none. */
  accepted?: readonly AcceptableName[];
  proxy?: { http?: string; https?: string; noProxy: readonly string[] };
}

/** All that decides what the steps of one host do: its settings, and what the host can do. */
export type StepArgs = NodeSteps & Capabilities;

/** One step of a host. Pure: what comes out depends on the arguments alone. */
export interface Step {
  /** On the host, in messages, and in the name of its resource: a DNS label. */
  name: string;
  /** Left out: every host gets it. */
  isWanted?: (args: StepArgs) => boolean;
  /** Its commands use the network, and get the proxies in their environment. */
  online?: boolean;
  /** The script carries the library, which the host may not have. */
  standalone?: boolean;
  /** What it installs from a repository of others: the preflight asks apt what that would do. */
  packages?: (args: NodeSteps) => AptPackages;
  /** Bash commands: idempotent, guarded on the real state, without secrets. See `stepScript`. */
  commands: (args: StepArgs) => string;
  /** What its next run does to what runs on the host, by the facts (`<kind> <key>`) that change. Left out: nothing is disturbed. */
  effects?: (changed: ReadonlySet<string>) => string[];
  /** What it leaves on the host, for the inspection. */
  expected: (args: StepArgs) => ExpectedFact[];
}

import type { Capabilities } from "../../providers/machines/machine";
import type { Claim } from "../../providers/host/shell/claims";
import type { AptRepository } from "./apt-repository";
import { basePackagesClaims, basePackagesScript } from "./base-packages";
import { containerdClaims, containerdScript } from "./containerd";
import type { ContainerdSettings } from "./containerd-config";
import { kernelModulesClaims, kernelModulesScript } from "./kernel-modules";
import { kubernetesPackagesClaims, kubernetesPackagesScript } from "./kubernetes-packages";
import { storageClaims, type StorageFolder, storageScript } from "./storage";
import { swapClaims, swapScript } from "./swap";
import { sysctlsClaims, sysctlsScript } from "./sysctls";

/** The steps of every node, in their order. */
export const STEPS = [
  "kernel-modules",
  "sysctls",
  "swap",
  "base-packages",
  "containerd",
  "kubernetes-packages",
] as const;
/** With those that only some nodes have: storage nodes what Longhorn needs, before anything of Kubernetes is there. */
const ORDER = STEPS.flatMap((name) => (name === "containerd" ? (["storage", name] as const) : [name]));
export type StepName = (typeof ORDER)[number];

/** What the settings say of hosts. */
export interface NodeSteps {
  kubernetesVersion: string;
  /** Of the Debian packages: "1.1" in `1.36.3-1.1`. */
  kubernetesDebRevision: string;
  /** Version of the package cri-tools, without the revision. */
  criToolsVersion: string;
  /** Version of the package containerd.io. */
  containerdVersion: string;
  containerd: ContainerdSettings;
  /** Added to the sysctls that are needed, or in their place. */
  sysctls: Readonly<Record<string, string>>;
  repositories: { kubernetes: AptRepository; docker: AptRepository };
  /** The machine keeps volumes of Longhorn. */
  storage?: StorageFolder;
  proxy?: { http?: string; https?: string; noProxy: readonly string[] };
}

export interface Step {
  name: StepName;
  commands: string;
  claims: Claim[];
  environment: Record<string, string>;
}

/** The steps of one machine. Pure: what comes out depends on settings alone. */
export function stepsOf(capabilities: Capabilities, settings: NodeSteps): Step[] {
  const proxy = proxyEnvironment(settings.proxy);
  type Work = Omit<Step, "name" | "environment"> & { online?: boolean };
  const work: Record<StepName, () => Work | undefined> = {
    "kernel-modules": () => both(kernelModulesScript, kernelModulesClaims, capabilities),
    sysctls: () => both(sysctlsScript, sysctlsClaims, { ...capabilities, sysctls: settings.sysctls }),
    swap: () => both(swapScript, swapClaims, capabilities),
    "base-packages": () => ({ ...both(basePackagesScript, basePackagesClaims, undefined), online: true }),
    storage: () => {
      if (!settings.storage) return undefined;
      const args = { ...settings.storage, sharedKernel: capabilities.sharedKernel };
      return { ...both(storageScript, storageClaims, args), online: true };
    },
    containerd: () => {
      const { containerdVersion: version, repositories, containerd } = settings;
      const args = { ...containerd, version, repository: repositories.docker, proxy };
      return { ...both(containerdScript, containerdClaims, args), online: true };
    },
    "kubernetes-packages": () => {
      const { kubernetesVersion, criToolsVersion, kubernetesDebRevision: debRevision, repositories } = settings;
      const args = { kubernetesVersion, criToolsVersion, debRevision, repository: repositories.kubernetes };
      return { ...both(kubernetesPackagesScript, kubernetesPackagesClaims, args), online: true };
    },
  };
  return ORDER.flatMap((name) => {
    const step = work[name]();
    if (!step) return [];
    return [{ name, commands: step.commands, claims: step.claims, environment: step.online ? proxy : {} }];
  });
}

function both<Args>(script: (args: Args) => string, claims: (args: Args) => Claim[], args: Args) {
  return { commands: script(args), claims: claims(args) };
}

/** As curl and containerd read it: curl takes the lower-case names, Go either. */
export function proxyEnvironment(proxy: NodeSteps["proxy"]): Record<string, string> {
  const environment: Record<string, string> = {};
  if (proxy?.http) environment.http_proxy = proxy.http;
  if (proxy?.https) environment.https_proxy = proxy.https;
  if (Object.keys(environment).length > 0 && proxy?.noProxy.length) environment.no_proxy = proxy.noProxy.join(",");
  return environment;
}

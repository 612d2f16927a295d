import type * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import type { Check } from "../../checks/check";
import type { AddonsSettings, Settings } from "../../settings";
import { freeForm } from "../../settings/fields";
import type { Rule } from "../../settings/rule";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import type { Machine } from "../../providers/machines/machine";
import type { Drift } from "../remote/drift";
import type { Cluster } from "../cluster/cluster";
import type { FetchedChart } from "./chart";
import type { HelmReleases } from "./helm-releases";
import type { Values } from "./values";

/** What the settings of every add-on have. */
type AddonSchema = z.ZodType<{ enabled: boolean; values: Record<string, unknown> }>;

/** What the `settings.ts` of an add-on has. */
interface AddonSettings {
  /** The schema of `addons.<name>`. */
  schema: AddonSchema;
  /** What must be true between its settings, and between them and others. */
  rule?: Rule;
  /** What is switched on and still left out, each with the setting that is missing. With the add-on's name in it, it is not installed. */
  leftOut?: (addons: AddonsSettings) => Record<string, string>;
  /** How its problem begins where the machines of a stack can't carry it, and nothing is wrong with its own settings. */
  NO_PLACE?: string;
  /** Why its release can't have these values: sentences that begin with the value's path. `values` are the chart's and the user's. */
  valueProblems?: (values: Values, addons: AddonsSettings) => string[];
}

/**
 * An add-on: what is known of it before its code is loaded. Each part is loaded when it is needed: few clusters have every add-on, and
 * the process of the drivers needs none of the settings. It is one folder, and one entry in `list.ts`.
 */
export interface Addon<
  Name extends string = string,
  Parts extends AddonSettings = AddonSettings,
  Driver extends string = string,
> {
  /** Its key in `homelab:addons`. */
  readonly name: Name;
  /** Its `settings.ts`. */
  readonly settings: () => Parts & AddonSettings;
  /** Folder of its chart, below `charts/`. */
  readonly chart: string;
  /** Where its pods run. */
  readonly namespace: string;
  /** Its name in the stack's output `versions`, where that is not `name`. */
  readonly versionName?: string;
  /** By the kind of driver, which is in users' states: it is as permanent as a resource's name. */
  readonly drivers?: Readonly<Record<Driver, () => unknown>>;
  /** Settings without which it is left out, made up: `make charts-check` switches it on with them. */
  readonly madeUpSettings?: object;
  /** The setting that refuses to remove its resources, whose names begin with its own; left out: `machines.protect` does. */
  readonly protection?: string;
  /** What to do about messages of the engine that don't say it themselves. */
  readonly knownFailures?: readonly KnownFailure[];
  /** Shell that takes from a host what its pods left there, after Kubernetes was ended: see `undoScript`. */
  readonly undo?: () => string;
  /** What it does on each host; `undefined` where that is off. */
  readonly hosts?: (settings: Settings) => HostPart | undefined;
  /** Its part of `make check`. */
  readonly check?: () => Check;
  /** What a change of its release does to what runs: a sentence without its full stop. */
  readonly onChange: string;
  /** What a change of one of its other resources means, by the resource's name, where its inputs don't say it. */
  readonly meanings?: Readonly<Record<string, Meaning>>;
  readonly load: () => AddonCode;
}

/** A failure of an add-on's own work: how the engine's message looks, and what to do next. */
export interface KnownFailure {
  pattern: RegExp;
  action: string;
}

/** What a plan says of a changed resource whose values are secrets. */
export interface Meaning {
  /** What is another one. */
  what: string;
  /** What it does to what runs, or to people. */
  effect: string;
}

/** The code of an add-on. It is loaded where the add-on is on. */
export interface AddonCode {
  install(context: AddonContext): Installed;
  /** Makes what needs other add-ons, whatever their place in the list: called after all of them are installed. */
  finish?(context: AddonContext, components: Components): void;
  /** What a change of each value does to a running cluster: one line each. */
  effects?(values: Values): string[];
}

/** What an add-on is installed with. */
export interface AddonContext {
  readonly settings: Settings;
  readonly cluster: Cluster;
  readonly chart: FetchedChart;
  /** Where its release is added. */
  readonly releases: HelmReleases;
  /**
   * What ordinary workloads wait for. Not to be used as a component's own `dependsOn`: the engine skips a component whose dependency
   * failed, and then reports that as an error of its own.
   */
  readonly ready: pulumi.Resource[];
  /** The add-ons before it whose objects other workloads may use: volumes, devices in a tailnet. */
  readonly services: readonly pulumi.Resource[];
  /** Options of what is in the cluster: its parent, its provider, and the machine that it is deleted with. */
  readonly inCluster: pulumi.ComponentResourceOptions & { parent: pulumi.Resource };
}

/** An add-on's step on each host, after those that Kubernetes needs. Nothing waits for it. */
export interface HostPart {
  /** The step's name on the host: the inspection compares what it left there. */
  readonly step: string;
  /** What the step installs from repositories of others. */
  readonly packages: readonly AptPackages[];
  install(host: Machine, args: { drift: pulumi.Output<Drift>; after: pulumi.Resource[] }): void;
}

/** The components of the add-ons that are on. */
export type Components = Readonly<Partial<Record<string, pulumi.Resource>>>;

/** What an add-on made. */
export interface Installed {
  readonly component: pulumi.Resource;
  /** What ordinary workloads wait for from now on, where the add-on changes that. */
  readonly ready?: pulumi.Resource[];
  /** Stack outputs by name. */
  readonly outputs?: Record<string, unknown>;
}

/** A setting of every add-on. */
export const chartValues = freeForm("Values of the chart, merged over the program's own").prefault({});

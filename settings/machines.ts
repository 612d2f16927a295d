import { z } from "zod";
import { type Kind, kinds } from "../providers/machines/kinds";
import type { Capabilities } from "../providers/machines/machine";
import { capabilitiesOf } from "./capabilities";
import type { NodePlace } from "./nodes";
import { type Place, valueOf } from "./places";
import type { Report, Rule, WrittenSettings } from "./rule";
import type { sshSchema } from "./ssh";

/** What the `settings.ts` of a kind of machine has. */
export interface KindSettings {
  /** Heads its part of the reference page. */
  title: string;
  /** What these machines can do, unless the inventory says otherwise. */
  capabilities: Capabilities;
  /** With `kind`, `capabilities`, and `nodes` that have `nodeFields`. */
  schema: z.ZodObject;
  /** What must be true between the settings of this kind. */
  checkMachines?(machines: never, report: Report, settings: WrittenSettings): void;
  /** Where the machines have a network of their own. */
  machineSubnet?(machines: never): Place<string>;
  /** Fills in what follows from other settings. */
  complete(machines: never, ssh: never): object;
}

type KindSchema = ReturnType<Kind["settings"]>["schema"];

/** The settings of each kind of machine are in its folder; `kind` says which they are. */
export const machinesSchema = z.discriminatedUnion(
  "kind",
  kinds.map((kind): KindSchema => kind.settings().schema) as [KindSchema, ...KindSchema[]],
);

/** What the kind of machine adds to the rules; `undefined` where it is of no known kind. */
function kindAt({ machines }: WrittenSettings): KindSettings | undefined {
  const name: string | undefined = valueOf(machines.kind);
  return kinds.find((kind) => kind.name === name)?.settings();
}

export const machinesRule: Rule = (settings, report) => {
  kindAt(settings)?.checkMachines?.(settings.machines as never, report, settings);
};

/** The subnet that belongs to the machines alone, where their kind has one. */
export function machineSubnet(settings: WrittenSettings): Place<string> | undefined {
  return kindAt(settings)?.machineSubnet?.(settings.machines as never);
}

/** What a node can do, as far as what is written of it is well-formed; `undefined` where its kind is not known. */
export function capabilitiesAt(settings: WrittenSettings, node: NodePlace): Capabilities | undefined {
  const kind = kindAt(settings);
  return kind && capabilitiesOf(kind.capabilities, valueOf(settings.machines.capabilities), valueOf(node.capabilities));
}

type Completed = ReturnType<ReturnType<Kind["settings"]>["complete"]>;

/** Fills in what follows from other settings. */
export function completeMachines(
  machines: z.output<typeof machinesSchema>,
  ssh: z.output<typeof sshSchema>,
): Completed {
  const kind = kinds.find(({ name }) => name === machines.kind) as Kind;
  return kind.settings().complete(machines as never, ssh);
}

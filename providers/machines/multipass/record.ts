import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { findVm, runInVm, type Vm } from "./client";
import { type MachineInputs, type MachineOutputs, REPLACING } from "./machine";

/** Where a VM keeps its record. */
export const RECORD_PATH = "/etc/homelab/vm.json";
const HOST_KEY_PATH = "/etc/ssh/ssh_host_ed25519_key.pub";

const recordSchema = z.object({
  /** As in `MachineOutputs`. */
  incarnation: z.string(),
  /** Of the inputs that replace a VM. */
  made: z.string(),
  cpus: z.number(),
  memory: z.string(),
  disk: z.string(),
});

/**
 * What cloud-init leaves in a VM: which one it is and how it was launched, for an `up` that finds the VM of a run that was
 * cut off before it wrote its state. World-readable; no secrets.
 */
export type VmRecord = z.infer<typeof recordSchema>;

export function newRecord(vm: MachineInputs): VmRecord {
  return {
    incarnation: randomBytes(4).toString("hex"),
    made: fingerprintOf(vm),
    cpus: vm.cpus,
    memory: vm.memory,
    disk: vm.disk,
  };
}

/**
 * Of all inputs that replace a VM: the same where, and only where, all of them are the same. Keyed, because everyone in the VM may
 * read it, and a short secret in the user-data could be guessed from a plain hash.
 */
export function fingerprintOf(vm: MachineInputs): string {
  const inputs = REPLACING.map((name) => (name === "hostKeyPublic" ? keyOf(vm.hostKeyPublic) : vm[name]));
  return createHmac("sha256", vm.hostKeyPrivate.trim())
    .update(JSON.stringify(sorted(inputs)))
    .digest("hex")
    .slice(0, 32);
}

/**
 * To which stack a running VM belongs: `ours` where it has our host key, with its record; `foreign` where it has another; `unknown`
 * where Multipass does not get into it, or it has no such key.
 */
export type Owner = { is: "ours"; record?: VmRecord } | { is: "foreign" } | { is: "unknown"; why: string };

/** Inspects a VM that runs. */
export async function ownerOf(name: string, hostKeyPublic: string): Promise<Owner> {
  // cloud-init lets root alone read even the public part of a host key that it was given.
  const result = await runInVm(name, ["sudo", "cat", HOST_KEY_PATH, RECORD_PATH]);
  const [hostKey = "", ...rest] = result.stdout.split("\n");
  if (result.exitCode === 255 || !hostKey.startsWith("ssh-ed25519 ")) {
    return { is: "unknown", why: result.stderr.trim() || "no answer" };
  }
  if (keyOf(hostKey) !== keyOf(hostKeyPublic)) return { is: "foreign" };
  return { is: "ours", ...recordIn(rest.join("\n")) };
}

function recordIn(text: string): { record?: VmRecord } {
  try {
    return { record: recordSchema.parse(JSON.parse(text)) };
  } catch {
    return {};
  }
}

/** A public key without its comment. */
function keyOf(line: string): string {
  return line.trim().split(/\s+/).slice(0, 2).join(" ");
}

/** Equal values give equal text, whatever the order of their keys. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const pairs = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}

type Which = Pick<MachineOutputs, "name" | "incarnation" | "hostKeyPublic">;

/** @throws Error where the VM that the stack made is gone, or another one has its name */
export async function ownVm(recorded: Which): Promise<Vm> {
  const vm = await findVm(recorded.name);
  if (vm && vm.state !== "Deleted" && !(await isAnother(vm, recorded))) return vm;
  throw new Error(
    `${recorded.name}: the VM that this stack made is gone. Run \`pulumi up --refresh\`: it finds that, and recreates the VM`,
  );
}

/**
 * True where a running VM is seen not to be the recorded one. Where it can't be seen (switched off, deleted, broken), the
 * record holds: Multipass gives a name to one VM at a time, and to check, the VM would have to be started.
 */
export async function isAnother(vm: Vm, recorded: Which): Promise<boolean> {
  if (vm.state !== "Running") return false;
  const owner = await ownerOf(recorded.name, recorded.hostKeyPublic);
  if (owner.is === "unknown") return false;
  return owner.is === "foreign" || (owner.record !== undefined && owner.record.incarnation !== recorded.incarnation);
}

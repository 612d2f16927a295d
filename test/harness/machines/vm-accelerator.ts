import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** How QEMU runs a machine. `why` says why it isn't KVM. */
export type Accelerator = { kind: "kvm" } | { kind: "tcg"; why: string };

/** The folder of all machines with a kernel of their own. */
export const VM_FOLDER = "/var/tmp/homelab-vm";

/** The answer is kept here for the other test files of a run. */
const ANSWER = path.join(VM_FOLDER, "accelerator.json");
/** Longer than a run. In milliseconds. */
const ANSWER_HOLDS = 3 * 60 * 60 * 1000;

/** A kernel without a root file system panics within two seconds where KVM works. In seconds. */
const PROBE_SECONDS = 20;

const DEVICE = "/dev/kvm";

interface Kept {
  /** The workstation's boot id. */
  boot: string;
  /** Milliseconds since 1970. */
  at: number;
  answer: Accelerator;
}

/**
 * KVM, where a kernel really comes through under it; else QEMU's own emulation. A paravirtual hypervisor may have a /dev/kvm that
 * makes machines, of which none gets through its kernel's decompressor: so it is tried, once a run.
 *
 * @param kernel of the machines: the path of a bzImage
 */
export function accelerator(kernel: string): Accelerator {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const kept = keptAnswer();
  if (kept?.boot === boot && Date.now() - kept.at < ANSWER_HOLDS) return kept.answer;
  const answer = tried(kernel);
  mkdirSync(VM_FOLDER, { recursive: true });
  writeFileSync(`${ANSWER}.${process.pid}`, JSON.stringify({ boot, at: Date.now(), answer } satisfies Kept));
  renameSync(`${ANSWER}.${process.pid}`, ANSWER);
  return answer;
}

function keptAnswer(): Kept | undefined {
  try {
    return JSON.parse(readFileSync(ANSWER, "utf8")) as Kept;
  } catch {
    return undefined;
  }
}

function tried(kernel: string): Accelerator {
  if (!existsSync(DEVICE)) return { kind: "tcg", why: `this workstation has no ${DEVICE}` };
  const why = whyNoBoot(kernel);
  return why === undefined ? { kind: "kvm" } : { kind: "tcg", why };
}

/** The arguments of QEMU for an accelerator. */
export function acceleratorArguments({ kind }: Accelerator): string[] {
  // What the hypervisor below doesn't pass on, a machine must not be offered.
  if (kind === "kvm") return ["-accel", "kvm", "-cpu", "host,-arch-capabilities"];
  // Five levels of page tables would be walked by software.
  return ["-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "max,-la57"];
}

/** Starts the kernel alone under KVM: it comes through where it panics, because it finds no root file system. */
function whyNoBoot(kernel: string): string | undefined {
  const args = [
    ...acceleratorArguments({ kind: "kvm" }),
    ...["-m", "512", "-display", "none", "-nodefaults", "-no-user-config", "-serial", "stdio", "-no-reboot"],
    ...["-kernel", kernel, "-append", "console=ttyS0 panic=-1"],
  ];
  const ended = spawnSync("qemu-system-x86_64", args, {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: PROBE_SECONDS * 1000,
    killSignal: "SIGKILL",
  });
  if (ended.stdout?.includes("Kernel panic")) return undefined;
  if (ended.signal === "SIGKILL") {
    return `${DEVICE} opens, but a kernel does not come through under it within ${PROBE_SECONDS} s`;
  }
  return `${DEVICE} can't run a kernel: ${ended.stderr?.trim().split("\n").at(-1) || "QEMU ended at once"}`;
}

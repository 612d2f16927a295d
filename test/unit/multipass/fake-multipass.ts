import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { quote } from "../../../providers/host/shell/quote";

export interface FakeVm {
  state: string;
  ipv4: string[];
  /** The addresses that it really has, where they are others; null where Multipass doesn't get into the VM. */
  inside?: string[] | null;
  cpus: number;
  memory?: string;
  disk?: string;
  /** The public host key in the VM. */
  hostKey?: string;
  /** What is in the VM's record, as text. */
  record?: string;
  /** What the next readings of the VM find, before `state` does. */
  states?: string[];
  /** The addresses that DHCP gives at the next start. */
  nextIpv4?: string[];
}

/** How one call of a command goes otherwise than it would. */
export interface Scripted {
  exit?: number;
  stderr?: string;
  stdout?: string;
  /** A launch makes this VM, also where it fails. */
  vm?: Partial<FakeVm>;
  waitMs?: number;
}

interface State {
  vms: Record<string, FakeVm>;
  script: Record<string, Scripted[]>;
}

export interface FakeMultipass {
  /** How it was called, in order. */
  calls(): { args: string[]; stdin: string; at: number }[];
  /** The same as text, without readings of VMs. */
  changes(): string[];
  vms(): Record<string, FakeVm>;
  put(name: string, vm: Partial<FakeVm>): void;
  script(command: string, ...next: Scripted[]): void;
  remove(): void;
}

/** Puts a `multipass` on PATH that has no VM, until it is removed. */
export function fakeMultipass(): FakeMultipass {
  const dir = mkdtempSync(join(tmpdir(), "fake-multipass-"));
  const [stateFile, callsFile, before] = [join(dir, "state.json"), join(dir, "calls.jsonl"), process.env.PATH];
  const program = `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(join(__dirname, "fake-program.mjs"))} "$@"\n`;
  writeFileSync(join(dir, "multipass"), program, { mode: 0o755 });
  writeFileSync(callsFile, "");
  const read = () => JSON.parse(readFileSync(stateFile, "utf8")) as State;
  const write = (state: State) => writeFileSync(stateFile, JSON.stringify(state));
  write({ vms: {}, script: {} });
  process.env.PATH = `${dir}${delimiter}${before}`;
  process.env.FAKE_MULTIPASS_DIR = dir;
  const calls = () =>
    readFileSync(callsFile, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { args: string[]; stdin: string; at: number });
  return {
    calls,
    changes: () =>
      calls()
        .filter(({ args }) => !["info", "get"].includes(args[0] ?? ""))
        .filter(({ args }) => !args.includes("cat") && !args.includes("hostname"))
        .map(({ args }) => args.join(" ")),
    vms: () => read().vms,
    put(name, vm) {
      const state = read();
      const old = state.vms[name] ?? { state: "Running", ipv4: ["127.0.0.1"], cpus: 2 };
      write({ ...state, vms: { ...state.vms, [name]: { ...old, ...vm } } });
    },
    script(command, ...next) {
      const state = read();
      write({ ...state, script: { ...state.script, [command]: next } });
    },
    remove() {
      process.env.PATH = before;
      delete process.env.FAKE_MULTIPASS_DIR;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

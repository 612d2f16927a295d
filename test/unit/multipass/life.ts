import {
  conditionDriver,
  type ConditionInputs,
  type ConditionOutputs,
} from "../../../providers/machines/multipass/condition-driver";
import { multipassDriver } from "../../../providers/machines/multipass/driver";
import type { MachineInputs, MachineOutputs } from "../../../providers/machines/multipass/machine";
import { SSH } from "../../../providers/machines/multipass/ready";
import { type Answer, startServer, type TestServer } from "../ssh/in-process-server";
import { type FakeMultipass, fakeMultipass } from "./fake-multipass";
import { ID } from "./vm";

/** What the VMs of the tests run in: a `multipass` on PATH, and an SSH server in this process that stands for all of them. */
export interface Bench {
  multipass: FakeMultipass;
  ssh: TestServer;
}

/** Answers as a VM does that has booted, unless `said` says otherwise. */
export function booted(said: Record<string, { exitCode: number; stdout: string }> = {}): Answer {
  return (channel, command) => {
    const known: typeof said = {
      "cloud-init status --wait": { exitCode: 0, stdout: "\nstatus: done\n" },
      "systemctl is-system-running --wait": { exitCode: 0, stdout: "running\n" },
    };
    const { exitCode, stdout } = said[command] ?? known[command] ?? { exitCode: 127, stdout: "" };
    channel.write(stdout);
    channel.exit(exitCode);
    channel.end();
  };
}

export async function startBench(options: Parameters<typeof startServer>[0] = {}): Promise<Bench> {
  const ssh = await startServer({ answer: booted(), ...options });
  SSH.port = ssh.target.port;
  return { multipass: fakeMultipass(), ssh };
}

export async function endBench(bench: Bench): Promise<void> {
  SSH.port = 22;
  bench.multipass.remove();
  await bench.ssh.close();
}

export const create = (wanted: MachineInputs) => multipassDriver.create(wanted);

export function read(outputs: MachineOutputs) {
  return multipassDriver.read!(ID, outputs);
}

export function update(outputs: MachineOutputs, wanted: MachineInputs) {
  return multipassDriver.update!(ID, outputs, wanted);
}

export function remove(outputs: MachineOutputs) {
  return multipassDriver.delete(ID, outputs);
}

export const createCondition = (wanted: ConditionInputs) => conditionDriver.create(wanted);

export function readCondition(outputs: ConditionOutputs) {
  return conditionDriver.read!(outputs.name, outputs);
}

export function updateCondition(outputs: ConditionOutputs, wanted: ConditionInputs) {
  return conditionDriver.update!(outputs.name, outputs, wanted);
}

/** The error of something that must fail. */
export async function errorOf(work: Promise<unknown>): Promise<Error> {
  const ended: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(ended instanceof Error)) throw new Error("it succeeded, and should have failed");
  return ended;
}

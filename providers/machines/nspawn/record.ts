import { quote } from "../../host/shell/quote";
import { machineDir, RECORD } from "./layout";
import type { MachineInputs } from "./machine";
import { asRoot } from "./root";

/** What is in `machine.json` beside a machine's tree: whose it is, and how far its making got. */
export interface MachineRecord {
  name: string;
  address: string;
  bridge: string;
  incarnation: string;
  machineId: string;
  imageKey: string;
  /** Tells the stacks of this workstation apart: each makes its own host keys. */
  hostKeyPublic: string;
  /** `written`: the tree is whole. */
  stage: "claimed" | "written";
}

const LIMIT = 60;

/** The records of all machines under a state directory. */
export async function readRecords(stateDir: string): Promise<MachineRecord[]> {
  const script = `shopt -s nullglob
for record in ${quote(stateDir)}/machines/*/*/${RECORD}; do cat "$record"; done`;
  const text = await asRoot("reading the records of machines", script, LIMIT);
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as MachineRecord);
}

/** Shell lines that write a record, atomically. */
export function writeRecordScript(stateDir: string, record: MachineRecord): string {
  const path = quote(`${machineDir({ ...record, stateDir })}/${RECORD}`);
  return `printf '%s\\n' ${quote(JSON.stringify(record))} >${path}.part
mv ${path}.part ${path}`;
}

/**
 * Refuses to make a machine whose name or address is taken. `left` is the record under the machine's own name,
 * if there is one.
 *
 * @throws Error that names who has it, and what to do
 */
export async function refuseTaken(
  inputs: MachineInputs,
  records: MachineRecord[],
  left: MachineRecord | undefined,
): Promise<void> {
  if (left && left.hostKeyPublic !== inputs.hostKeyPublic) {
    throw new Error(
      `${inputs.name}: there is a machine of this name on bridge ${inputs.bridge} already (${machineDir(inputs)}), made by another ` +
        "stack, or by one whose state was lost. Remove it with that stack, or give this stack another bridge and subnet; " +
        "only if it is not needed any more: end its systemd-nspawn process and delete that folder",
    );
  }
  const sameAddress = records.find((record) => record.address === inputs.address && record !== left);
  if (sameAddress) {
    throw new Error(
      `${inputs.name}: the address ${inputs.address} is the machine ${sameAddress.name}'s on bridge ${sameAddress.bridge}. ` +
        "Give one of them another address",
    );
  }
  if (!left && (await answers(inputs))) {
    throw new Error(
      `${inputs.name}: something answers at ${inputs.address} already, and it is not a machine of this program. ` +
        "Give the machine another address, or switch the other off",
    );
  }
}

/**
 * True when something on the bridge has the address: asking for any port makes the kernel look for its owner. What it remembers is
 * forgotten first, because that may be the machine that was deleted a moment ago to be replaced by this one.
 */
async function answers(inputs: MachineInputs): Promise<boolean> {
  const script = `ip link show ${quote(inputs.bridge)} >/dev/null
ip neighbour flush to ${quote(inputs.address)} dev ${quote(inputs.bridge)} >/dev/null 2>&1 || true
timeout 1 bash -c ${quote(`</dev/tcp/${inputs.address}/22`)} 2>/dev/null && { echo taken; return; }
if ip neighbour show ${quote(inputs.address)} dev ${quote(inputs.bridge)} | grep -q 'lladdr.*\\(REACHABLE\\|DELAY\\)'; then echo taken; fi`;
  return (await asRoot(`checking whether ${inputs.address} is free`, script, LIMIT)) === "taken";
}

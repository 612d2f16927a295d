import { quote } from "../../host/shell/quote";
import { machineDir, RECORD } from "./layout";
import { asRoot } from "./root";

/** What stands in `machine.json` beside a machine's tree: whose it is, and how far its making got. */
export interface MachineRecord {
  name: string;
  address: string;
  bridge: string;
  incarnation: string;
  machineId: string;
  imageKey: string;
  /** Tells the stacks of this computer apart: each makes its own host keys. */
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

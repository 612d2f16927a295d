import { quote } from "../../host/shell/quote";
import type { MachineInputs } from "./machine";
import type { MachineRecord } from "./record";
import { machineDir } from "./layout";
import { asRoot } from "./root";

const LIMIT = 60;

/**
 * Refuses to make a machine whose name or address is somebody else's. `left` is the record under the machine's own name,
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
        "only if nobody needs it: end its systemd-nspawn process and delete that folder",
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
 * True when somebody on the bridge has the address: asking for any port makes the kernel look for its owner. What it remembers is
 * forgotten first, because that may be the machine that was thrown away a moment ago to make this one in its place.
 */
async function answers(inputs: MachineInputs): Promise<boolean> {
  const script = `ip link show ${quote(inputs.bridge)} >/dev/null
ip neighbour flush to ${quote(inputs.address)} dev ${quote(inputs.bridge)} >/dev/null 2>&1 || true
timeout 1 bash -c ${quote(`</dev/tcp/${inputs.address}/22`)} 2>/dev/null && { echo taken; return; }
if ip neighbour show ${quote(inputs.address)} dev ${quote(inputs.bridge)} | grep -q 'lladdr.*\\(REACHABLE\\|DELAY\\)'; then echo taken; fi`;
  return (await asRoot(`looking whether ${inputs.address} is free`, script, LIMIT)) === "taken";
}

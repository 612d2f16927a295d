import { type CheckFailure, difference, type Driver } from "../../driver";
import {
  bridgeScript,
  isOwn,
  type Link,
  LONGEST_INTERFACE_NAME,
  type NetworkInputs,
  removeBridgeScript,
  whyRefused,
} from "./bridge";
import { bootId } from "./process";
import { asRoot } from "./root";

export interface NetworkOutputs extends NetworkInputs {
  /** This workstation's boot in which the bridge was made; it does not outlive it. */
  bootId: string;
}

const LIMIT = 60;

/** Bridges on this workstation, one a stack. */
export const networkDriver: Driver<NetworkInputs, NetworkOutputs> = {
  check(inputs) {
    const failures: CheckFailure[] = [];
    if (!/^[a-z][a-z0-9-]*$/.test(inputs.bridge) || inputs.bridge.length > LONGEST_INTERFACE_NAME) {
      const reason = `'${inputs.bridge}' is no name for a bridge: at most ${LONGEST_INTERFACE_NAME} of a-z, 0-9 and '-', a letter first`;
      failures.push({ property: "bridge", reason });
    }
    return { inputs, failures };
  },

  diff(_id, recorded, wanted) {
    const found = difference(recorded, wanted, {
      replaceOn: ["bridge", "subnet", "address", "stateDir", "owner"],
      deleteBeforeReplace: true,
    });
    return { ...found, changes: found.changes || recorded.bootId !== (bootId() ?? recorded.bootId) };
  },

  async create(inputs) {
    await ensureBridge(inputs);
    return { id: inputs.bridge, outputs: { ...inputs, bootId: bootId() ?? "" } };
  },

  async read(id, recorded) {
    const found = (await interfaces()).find((link) => link.ifname === recorded.bridge);
    if (!found || !isOwn(found, recorded)) return undefined;
    const { bridge, subnet, address, stateDir, owner } = recorded;
    return { id, inputs: { bridge, subnet, address, stateDir, owner }, outputs: recorded };
  },

  async update(_id, _recorded, wanted) {
    await ensureBridge(wanted);
    return { ...wanted, bootId: bootId() ?? "" };
  },

  async delete(_id, recorded) {
    const found = (await interfaces()).find((link) => link.ifname === recorded.bridge);
    // Gone, or another stack's by now.
    if (!found || !isOwn(found, recorded)) return;
    await asRoot(`removing the bridge ${recorded.bridge}`, removeBridgeScript(recorded), LIMIT);
  },
};

async function ensureBridge(inputs: NetworkInputs): Promise<void> {
  const refused = whyRefused(inputs, await interfaces());
  if (refused) throw new Error(refused);
  await asRoot(`making the bridge ${inputs.bridge}`, bridgeScript(inputs), LIMIT);
}

async function interfaces(): Promise<Link[]> {
  const text = await asRoot("reading the interfaces of this workstation", "ip -json address show", LIMIT);
  return JSON.parse(text) as Link[];
}

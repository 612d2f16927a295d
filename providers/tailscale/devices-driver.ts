import { difference, type Driver } from "../driver";
import { warn } from "../warn";
import { type Device, Tailnet, type TailnetAccess } from "./api";
import { unlessRefused } from "./errors";

export interface DevicesInputs {
  /** Secret. */
  access: TailnetAccess;
  /** Names that the cluster's devices give themselves. */
  hostnames: string[];
  /** Changes when the cluster is another one: it forgets its devices then, and they are removed. */
  cluster: string;
}

interface DevicesOutputs extends DevicesInputs {
  /** Ids of devices that had these names before: they are never removed. */
  others: string[];
}

/**
 * The devices of the cluster in the tailnet. The operator makes them; what it can't remove, its own one above all, is removed
 * here when it is gone. Being made first, it finds out whether the OAuth client works before anything is installed.
 */
export const tailscaleDevicesDriver: Driver<DevicesInputs, DevicesOutputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted, { replaceOn: ["cluster"], deleteBeforeReplace: true }),

  async create(inputs) {
    const others = named(await (await Tailnet.open(inputs.access)).devices(), inputs.hostnames);
    tellOf(others);
    return { id: inputs.hostnames[0] ?? "", outputs: { ...inputs, others: others.map(({ nodeId }) => nodeId) } };
  },

  async update(_id, recorded, wanted) {
    const added = wanted.hostnames.filter((hostname) => !recorded.hostnames.includes(hostname));
    const others = named(await (await Tailnet.open(wanted.access)).devices(), added);
    tellOf(others);
    return { ...wanted, others: [...recorded.others, ...others.map(({ nodeId }) => nodeId)] };
  },

  async delete(_id, { access, hostnames, others }) {
    const doing = `removing the devices ${hostnames.join(", ")} from the tailnet (by hand: in the admin console)`;
    await unlessRefused(doing, undefined, async () => {
      const tailnet = await Tailnet.open(access);
      const found = named(await tailnet.devices(), hostnames).filter(({ nodeId }) => !others.includes(nodeId));
      for (const { nodeId } of found) await tailnet.removeDevice(nodeId);
    });
  },
};

function named(devices: Device[], hostnames: readonly string[]): Device[] {
  return devices.filter(({ hostname }) => hostnames.includes(hostname));
}

function tellOf(others: Device[]): void {
  for (const { hostname, nodeId, lastSeen } of others) {
    warn(
      `tailnet: there is a device ${hostname} already (${nodeId}${lastSeen ? `, last seen ${lastSeen}` : ""}): the cluster's own gets that name with a number. If it is of an earlier cluster, remove it in the admin console, or set another addons.tailscale.hostname`,
    );
  }
}

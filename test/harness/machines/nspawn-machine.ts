import path from "node:path";
import { machineDir, PROCESS } from "../../../providers/machines/nspawn/layout";
import { eventually } from "../eventually";
import { ContainerHost } from "./test-host";
import { nspawnInit } from "./nspawn-init";

/** A machine that the program made with systemd-nspawn. */
export class NspawnMachine extends ContainerHost {
  constructor(
    name: string,
    address: string,
    private readonly bridge: string,
    private readonly stateDir = "/var/lib/homelab/nspawn",
  ) {
    super(name, address);
  }

  async leader(): Promise<number> {
    const { name, bridge, stateDir } = this;
    return nspawnInit(name, path.join(machineDir({ name, bridge, stateDir }), PROCESS));
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    const leader = await this.leader();
    process.kill(leader, "SIGKILL");
    const gone = async () => (await this.leader().catch(() => 0)) !== leader;
    if (!(await eventually(gone, 30))) throw new Error(`${this.name}: the machine still runs`);
  }
}

import { readFile } from "node:fs/promises";
import path from "node:path";
import { machineDir, PROCESS } from "../../providers/nspawn/layout";
import { eventually } from "./eventually";
import { LabHost } from "./lab-host";

/** A machine that the program made with systemd-nspawn. */
export class LabMachine extends LabHost {
  constructor(
    name: string,
    address: string,
    private readonly bridge: string,
    private readonly stateDir = "/var/lib/homelab/nspawn",
  ) {
    super(name, address);
  }

  async leader(): Promise<number> {
    const file = path.join(machineDir({ name: this.name, bridge: this.bridge, stateDir: this.stateDir }), PROCESS);
    const [nspawn = ""] = (await readFile(file, "utf8")).split(" ");
    const children = await readFile(`/proc/${nspawn}/task/${nspawn}/children`, "utf8");
    const leader = Number(children.trim().split(" ")[0]);
    if (!leader) throw new Error(`${this.name}: the machine has no init process`);
    return leader;
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    const leader = await this.leader();
    process.kill(leader, "SIGKILL");
    const gone = async () => (await this.leader().catch(() => 0)) !== leader;
    if (!(await eventually(gone, 30))) throw new Error(`${this.name}: the machine still runs`);
  }
}

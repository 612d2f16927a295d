import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import execa from "execa";
import type { Ended, MultipassHome } from "./multipass-home";

/** What the tests ask of an instance's inside: its user-data, and logins with the keys that this brought. */
export class MultipassGuest {
  /** As the client says it, once the instance was launched. */
  address = "";

  private constructor(
    private readonly home: MultipassHome,
    private readonly hostKey: string,
  ) {}

  /** Makes the keys, as files of the home. */
  static async create(home: MultipassHome): Promise<MultipassGuest> {
    for (const key of ["host", "client"]) {
      await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", key, "-f", home.file(key)]);
    }
    return new MultipassGuest(home, home.read("host.pub").split(" ").slice(0, 2).join(" "));
  }

  /** All that a driver and the tests of existing hosts ask of cloud-init. The password of `admin` is "homelab". */
  userData(): string {
    const indented = this.home.read("host").trimEnd().replaceAll("\n", "\n    ");
    const key = this.home.read("client.pub").trim();
    return `#cloud-config
hostname: m1
ssh_deletekeys: true
ssh_genkeytypes: []
ssh_keys:
  ed25519_private: |
    ${indented}
  ed25519_public: ${this.hostKey}
users:
  - name: homelab
    shell: /bin/bash
    lock_passwd: true
    sudo: ALL=(ALL) NOPASSWD:ALL
    ssh_authorized_keys: ["${key}"]
  - name: admin
    shell: /bin/bash
    lock_passwd: false
    passwd: ${passwordHash("homelab")}
    sudo: ALL=(ALL) ALL
    ssh_authorized_keys: ["${key}"]
write_files:
  - path: /etc/greeting
    permissions: 0600
    content: hello 0600
`;
  }

  /** What a command prints; throws where its exit code is not 0. */
  async ssh(command: string): Promise<string> {
    const ended = await this.sshAs("homelab", command);
    if (ended.exitCode !== 0)
      throw new Error(`'${command}' ended with ${ended.exitCode}: ${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  }

  /** A login as the program does it: with the host key that the user-data brought, and no other. */
  async sshAs(user: string, command: string): Promise<Ended> {
    const known = this.home.file("known_hosts");
    fs.writeFileSync(known, `${this.address} ${this.hostKey}\n`);
    const settings = ["StrictHostKeyChecking=yes", `UserKnownHostsFile=${known}`, "BatchMode=yes", "LogLevel=ERROR"];
    const options = [...settings, "IdentitiesOnly=yes"].flatMap((setting) => ["-o", setting]);
    const args = ["-F", "/dev/null", "-i", this.home.file("client"), "-l", user, ...options, this.address, command];
    const { exitCode, stdout, stderr } = await execa("ssh", args, { reject: false, stdin: "ignore" });
    return { exitCode, stdout, stderr };
  }
}

/** As mkpasswd makes it. */
function passwordHash(password: string): string {
  return execa.sync("openssl", ["passwd", "-6", "-salt", randomBytes(6).toString("hex"), password]).stdout;
}

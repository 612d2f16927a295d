import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";

import { must, run } from "../run-program";
import { homePath } from "./home";
import type { Instance } from "./instance";

/** The user by which the daemon enters its instances. */
const USER = "ubuntu";

const keyFile = (): string => path.join(homePath(), "ssh", "id");

/** The public part of the daemon's own key, `ssh-ed25519 AAAA… ubuntu@localhost`; made at the first use. */
export async function ownKey(): Promise<string> {
  const folder = path.dirname(keyFile());
  if (!fs.existsSync(folder)) {
    const part = `${folder}.${process.pid}`;
    fs.mkdirSync(part, { recursive: true, mode: 0o700 });
    const type = ["-q", "-t", "ed25519", "-N", "", "-C", `${USER}@localhost`];
    await must("making the daemon's key", "ssh-keygen", [...type, "-f", path.join(part, "id")]);
    try {
      fs.renameSync(part, folder);
    } catch {
      // Another launch was faster.
      fs.rmSync(part, { recursive: true });
    }
  }
  return fs.readFileSync(`${keyFile()}.pub`, "utf8").trim();
}

/** Options of ssh and scp. As the daemon does, they take whatever host key the instance has. */
export function sshOptions(connectSeconds: number): string[] {
  const settings = {
    IdentitiesOnly: "yes",
    BatchMode: "yes",
    StrictHostKeyChecking: "no",
    UserKnownHostsFile: "/dev/null",
    LogLevel: "ERROR",
    ConnectTimeout: String(connectSeconds),
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  return ["-F", "/dev/null", "-i", keyFile(), ...options];
}

export function sshTarget(instance: Pick<Instance, "address">): string {
  return `${USER}@${instance.address}`;
}

/** True when the daemon can log in. */
export async function answersSsh(instance: Instance): Promise<boolean> {
  if (!(await hasSshServer(instance.address))) return false;
  const args = [...sshOptions(5), sshTarget(instance), "true"];
  return (await run("ssh", args, { timeoutSeconds: 20 })).exitCode === 0;
}

/** Cheaper than a login that fails. */
function hasSshServer(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 1000 });
    const end = (answer: boolean) => (): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("data", (data) => end(data.toString().startsWith("SSH-"))());
    socket.once("error", end(false)).once("timeout", end(false)).once("close", end(false));
  });
}

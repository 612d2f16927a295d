import { fingerprint, formatHostKey } from "../providers/host/ssh/host-key";
import type { ScannedKey } from "../providers/host/ssh/scan-host-keys";
import { type ListedServer, pinnedKey } from "./inventory";

/** What is printed for a server: who it is as a comment, and the line to paste. */
export function hostKeyLines(server: ListedServer, answer: ScannedKey): string[] {
  const at = `${server.host}:${server.port}`;
  const who = server.name.includes(at) ? server.name : `${server.name} (${at})`;
  if (!answer.key) return [`# ${who}: no key: ${answer.problem}`];
  const pinned = pinnedKey(server);
  return [
    `# ${who}: ${fingerprint(answer.key)}, ${comparison(answer.key, pinned)}`,
    `hostKey: ${formatHostKey(answer.key)}`,
  ];
}

function comparison(shown: Buffer, pinned: Buffer | undefined): string {
  if (!pinned) return "not pinned yet";
  return pinned.equals(shown) ? "the one that is pinned" : `ANOTHER THAN THE PINNED ${fingerprint(pinned)}`;
}

/** What to do with the lines; nothing where no server showed a key. */
export function whatToDo(answers: readonly ScannedKey[]): string | undefined {
  return answers.some(({ key }) => key) ? COMPARE : undefined;
}

const COMPARE = `
Whoever answers at an address can show a key of his own. So compare each before you paste it. On the host's console, not
over the network,

  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub

prints the same SHA256:… Then put the hostKey line under the host's ssh:, and a bastion's under its bastion:.`;

import { fingerprint, parseHostKey } from "../../host/ssh/host-key";

/**
 * What an existing host is known by: the fingerprint of its pinned host key, `SHA256:…`. It changes exactly when the
 * inventory says that another machine is there. Pure: the program needs it before anything is connected to.
 *
 * @param hostKey `ssh-ed25519 AAAA…`; one that can't be read is its own incarnation, so that the settings can refuse it.
 */
export function incarnationOf(hostKey: string): string {
  try {
    return fingerprint(parseHostKey(hostKey));
  } catch {
    return hostKey;
  }
}

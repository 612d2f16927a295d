/** What lasts of a host from one inspection to the next, unless it is upgraded. */
export interface HostFacts {
  osId: string;
  osVersion: string;
  architecture: string;
  kernel: string;
  hostname: string;
  machineId: string;
  cgroupVersion: number;
  cpus: number;
  /** "systemd-nspawn", "docker", …; "none" for a machine with a kernel of its own. */
  container: string;
  /** The host may lower a process's oom_score_adj (CAP_SYS_RESOURCE). */
  sysResource: boolean;
  /** The day on which the first of kubeadm's certificates is no longer valid, as in "2027-11-22"; only on a control plane. */
  certificatesExpire?: string;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };

/** Reads the facts that last. `facts`: as the inspection script prints them, by name. */
export function hostFacts(facts: Readonly<Record<string, string>>): HostFacts {
  const text = (name: string) => facts[name] ?? "";
  const [first] = certificates(facts).filter(({ file }) => !KUBELETS_OWN.test(file));
  return {
    osId: text("osId"),
    osVersion: text("osVersion"),
    architecture: ARCHITECTURES[text("machine")] ?? text("machine"),
    kernel: text("kernel"),
    hostname: text("hostname"),
    machineId: text("machineId"),
    cgroupVersion: Number(text("cgroupVersion")),
    cpus: Number(text("cpus")),
    container: text("container"),
    sysResource: text("sysResource") === "1",
    ...(first ? { certificatesExpire: first.end.toISOString().slice(0, 10) } : {}),
  };
}

/** Certificates are renewed by hand or by an upgrade: so many days before the end there is time for that. */
export const WARN_DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Kubelet renews its certificate by itself: its date is no lasting fact. */
export const KUBELETS_OWN = /\/kubelet-client/;

export interface Certificate {
  file: string;
  end: Date;
}

/** The certificates that were found on the host, the first to end first. */
export function certificates(facts: Readonly<Record<string, string>>): Certificate[] {
  return Object.entries(facts)
    .filter(([name]) => name.startsWith("certificate "))
    .map(([name, end]) => ({ file: name.slice("certificate ".length), end: new Date(end) }))
    .filter(({ end }) => !Number.isNaN(end.getTime()))
    .sort((a, b) => a.end.getTime() - b.end.getTime() || (a.file < b.file ? -1 : 1));
}

/** How the certificates that kubeadm made are renewed. */
export const RENEWAL =
  "Run 'sudo kubeadm certs renew all' on the host, then restart the control plane's pods: move the files of /etc/kubernetes/manifests away, wait 20 s, and move them back";

/** What to say of certificates that end soon, or ended; one line each for kubeadm's and for kubelet's. */
export function certificateWarnings(facts: Readonly<Record<string, string>>, now: Date): string[] {
  const ending = certificates(facts).filter(({ end }) => end.getTime() - now.getTime() < WARN_DAYS * DAY_MS);
  const kubelets = ending.filter(({ file }) => KUBELETS_OWN.test(file));
  const kubeadms = ending.filter((certificate) => !kubelets.includes(certificate));
  return [
    ...kubeadms
      .slice(0, 1)
      .map(
        (first) =>
          `${daysLeft(first, now)}${kubeadms.length > 1 ? `, and ${kubeadms.length - 1} more end within ${WARN_DAYS} days` : ""}. ${RENEWAL}`,
      ),
    ...kubelets.map(
      (own) =>
        `${daysLeft(own, now)}, and kubelet should have renewed it long ago. See 'journalctl -u kubelet' and 'kubectl get csr'`,
    ),
  ];
}

function daysLeft({ file, end }: Certificate, now: Date): string {
  const days = Math.floor((end.getTime() - now.getTime()) / DAY_MS);
  const day = end.toISOString().slice(0, 10);
  return days < 0
    ? `the certificate ${file} ended on ${day}`
    : `the certificate ${file} ends on ${day}, in ${days} ${days === 1 ? "day" : "days"}`;
}

import {
  type Certificate,
  certificates,
  KUBELETS_OWN,
  RENEWAL,
  WARN_DAYS,
} from "../providers/host/inspection/host-facts";
import { inspect, INSPECTING } from "../providers/host/inspection/inspect";
import { withSsh } from "../providers/host/ssh/connect";
import type { SshTarget } from "../providers/host/ssh/target";
import type { Check } from "./check";
import { CheckFailure, failed, few, type Finding, ok, skipped, warning } from "./finding";

const NAME = "certificates";
const CONNECT = { timeoutSeconds: 30 };
const DAY_MS = 24 * 60 * 60 * 1000;

/** The certificates of kubeadm and of kubelet on one host. */
interface HostCertificates {
  host: string;
  certificates: Certificate[];
}

/** Until when the certificates on the hosts are valid, read there by the same script as the inspection's. */
export const certificatesCheck: Check = {
  subjects: [NAME],
  limitSeconds: 120,
  async run({ access }) {
    const answers = await Promise.allSettled(access.hosts.map(readCertificates));
    const silent = answers.flatMap((each) =>
      each.status === "rejected" ? [String((each.reason as Error).message)] : [],
    );
    const found = answers.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    const finding = certificatesFinding(found, new Date());
    if (silent.length === 0 || finding.status === "failed") return [finding];
    throw new CheckFailure(few(silent), "Fix what it says. The certificates of the other hosts are valid.");
  },
};

async function readCertificates(target: SshTarget): Promise<HostCertificates> {
  const { report } = await withSsh(target, CONNECT, INSPECTING, (session) => inspect(session, { preflight: false }));
  return { host: target.name, certificates: certificates(report.facts) };
}

export function certificatesFinding(hosts: HostCertificates[], now: Date): Finding {
  const all = hosts
    .flatMap(({ host, certificates: own }) =>
      own.map((certificate) => ({ host, ...certificate, days: daysTo(certificate.end, now) })),
    )
    .sort((a, b) => a.end.getTime() - b.end.getTime());
  const [first] = all;
  if (!first) return skipped(NAME, "none could be read: openssl is missing on the hosts");
  const described = ({ host, file, days, end }: typeof first): string =>
    days < 0 ? `${host}: ${file} ended on ${day(end)}` : `${host}: ${file} ends in ${days} day(s), on ${day(end)}`;
  const action = ({ host, file }: typeof first): string =>
    KUBELETS_OWN.test(file)
      ? `Kubelet renews it by itself, and did not. On ${host}: journalctl -u kubelet; and kubectl get csr`
      : `${RENEWAL}.`;
  const ended = all.filter(({ days }) => days < 0);
  if (ended[0]) return failed(NAME, few(ended.map(described)), action(ended[0]));
  const ending = all.filter(({ days }) => days < WARN_DAYS);
  if (ending[0]) return warning(NAME, few(ending.map(described)), action(ending[0]));
  return ok(NAME, `${first.days} days left for the first to end (${first.host}: ${first.file})`);
}

const daysTo = (end: Date, now: Date): number => Math.floor((end.getTime() - now.getTime()) / DAY_MS);
const day = (end: Date): string => end.toISOString().slice(0, 10);

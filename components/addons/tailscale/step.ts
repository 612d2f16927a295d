import type { ExpectedFact } from "../../../providers/host/facts/expected";
import { OURS } from "../../../providers/tailscale/login-script";
import type { AptPackages } from "../../../providers/host/inspection/wanted";
import type { AcceptableName } from "../../../providers/host/preflight/finding-names";
import { type AptRepository, installPackages, packagesExpected } from "../../node/apt-repository";

const NAME = "tailscale";
const UNIT = "tailscaled.service";
const DEFAULTS_FILE = "/etc/default/tailscaled";
/** Its login, and what it caches. */
const DATA_FOLDERS = ["/var/lib/tailscale", "/var/cache/tailscale"] as const;
/** tailscaled's own port for WireGuard. */
const PORT = 41641;

interface TailscaleStepArgs {
  /** Of the package tailscale. */
  version: string;
  repository: AptRepository;
  /** A host that shares another's kernel has no device for tunnels: tailscaled then works in user space. */
  sharedKernel: boolean;
  /** Findings of the preflight that are only a warning; left out: none. */
  accepted?: readonly AcceptableName[];
}

/**
 * Tailscale: exactly this version, tailscaled running now and at every boot. Refuses a host that is in a
 * tailnet by another hand; the login itself is `providers/tailscale`, because of its key.
 */
export function tailscaleScript(args: TailscaleStepArgs): string {
  return `
${REFUSE_FOREIGN_LOGIN}
remember_unit ${UNIT}
remember_data ${DATA_FOLDERS.join(" ")}
mkdir -p ${OURS.slice(0, OURS.lastIndexOf("/"))}
touch ${OURS}
${writeDefaults(args.sharedKernel)}${installPackages(tailscalePackages(args), args.accepted)}
enable_unit ${UNIT}
[ "$(observe_unit_active ${UNIT})" = active ] || quietly systemctl start ${UNIT}
${useDefaults(args.sharedKernel)}`;
}

export function tailscalePackages({
  version,
  repository,
}: Pick<TailscaleStepArgs, "version" | "repository">): AptPackages {
  return {
    ...{ ...repository, name: NAME, keyPath: "{codename}.noarmor.gpg", suite: " {codename} main" },
    packages: [{ name: NAME, version, replaces: ["tailscale-relay"] }],
  };
}

export function tailscaleExpected(args: TailscaleStepArgs): ExpectedFact[] {
  return [
    ...packagesExpected(tailscalePackages(args)),
    ...(args.sharedKernel ? [{ kind: "file", key: DEFAULTS_FILE } as const] : []),
    { kind: "unit-enabled", key: UNIT, value: "enabled" },
    { kind: "unit-active", key: UNIT, value: "active" },
  ];
}

const REFUSE_FOREIGN_LOGIN = `if [ ! -e ${OURS} ] && command -v tailscale >/dev/null; then
  case $(timeout 30 tailscale status --json --peers=false 2>/dev/null || true) in
    *'"HaveNodeKey": true'*)
      die "this host is in a tailnet already, and not by this program; nothing was changed" "run 'tailscale logout' on it if the program may take that over, or set addons.tailscale.machines.enabled to false" ;;
  esac
fi`;

const USERSPACE = "--tun=userspace-networking";

/** Written before the package is installed, which would start tailscaled without it. */
function writeDefaults(sharedKernel: boolean): string {
  return sharedKernel ? `printf 'PORT="${PORT}"\\nFLAGS="${USERSPACE}"\\n' | write_file ${DEFAULTS_FILE} 644\n` : "";
}

/** Where tailscaled ran before us, it has read other ones. */
function useDefaults(sharedKernel: boolean): string {
  if (!sharedKernel) return "";
  return `case $(tr '\\0' ' ' 2>/dev/null <"/proc/$(systemctl show -p MainPID --value ${UNIT})/cmdline") in *${USERSPACE}*) ;; *) quietly systemctl restart ${UNIT} ;; esac\n`;
}

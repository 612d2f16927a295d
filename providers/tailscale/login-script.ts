import { EXPECTED_FOLDER } from "../host/facts/expected";
import { quote } from "../host/shell/quote";

/**
 * What the package step leaves on a host that was not logged in to a tailnet: a login that is found there later is
 * ours.
 */
export const OURS = "/var/lib/homelab/tailscale";
const UNIT = "tailscaled.service";
const STATE = "/var/lib/tailscale/tailscaled.state";
/** The service is asked for so long, in seconds. */
const LOGIN_LIMIT_SECONDS = 60;
const SHORT_LIMIT_SECONDS = 30;

/** Sees to it that tailscaled runs, and prints its status as JSON. */
export function statusScript(): string {
  return `[ -e ${OURS} ] || die "the step that installs Tailscale did not run here" "run pulumi up without --target"
[ "$(observe_unit_enabled ${UNIT})" = enabled ] || quietly systemctl enable ${UNIT}
[ "$(observe_unit_active ${UNIT})" = active ] || quietly systemctl start ${UNIT}
timeout ${SHORT_LIMIT_SECONDS} tailscale status --json --peers=false || die "tailscaled does not answer" "journalctl -u ${UNIT} on the host says why"
`;
}

interface LoginScriptArgs {
  /** Secret: this script goes over standard input and is never stored. */
  authKey: string;
  hostname: string;
  tags: readonly string[];
  /** Empty for Tailscale's own. */
  loginServer: string;
}

/**
 * Joins the host to the tailnet. The key goes through a pipe: it is in no list of processes and in no file. The cluster's
 * DNS stays the host's: Tailscale's would change what CoreDNS forwards to.
 */
export function loginScript(args: LoginScriptArgs): string {
  const flags = [
    "--auth-key=file:/dev/stdin",
    "--reset",
    "--force-reauth",
    "--accept-dns=false",
    `--hostname=${quote(args.hostname)}`,
    `--advertise-tags=${quote(args.tags.join(","))}`,
    ...(args.loginServer === "" ? [] : [`--login-server=${quote(args.loginServer)}`]),
    `--timeout=${LOGIN_LIMIT_SECONDS}s`,
  ];
  return `key=${quote(args.authKey)}
said=$(printf '%s' "$key" | timeout ${LOGIN_LIMIT_SECONDS + SHORT_LIMIT_SECONDS} tailscale up ${flags.join(" ")} 2>&1) || {
  said=\${said//"$key"/(the key)}
  die "'tailscale up' failed: $(tail -n 3 <<<"$said" | tr '\\n' ' ')" "is the auth key valid, may it give these tags, and does the host reach the service?"
}
`;
}

/** Gives the device of a host that is logged in another name. */
export function renameScript(hostname: string): string {
  return `timeout ${SHORT_LIMIT_SECONDS} tailscale set --hostname=${quote(hostname)}
`;
}

/**
 * Takes the host out of the tailnet and stops tailscaled. The package stays until the host leaves the inventory. Prints `kept`
 * where the service could not be told: the host forgets its login all the same.
 */
export function logoutScript(): string {
  return `if [ -e ${OURS} ]; then
  if [ "$(observe_package tailscale)" != missing ]; then
    if [ "$(observe_unit_active ${UNIT})" = active ]; then
      timeout ${LOGIN_LIMIT_SECONDS} tailscale logout >/dev/null 2>&1 || echo "kept the device: the service could not be told of the logout"
    fi
    quietly systemctl disable --now ${UNIT}
  fi
  rm -f -- ${STATE} ${EXPECTED_FOLDER}/tailscale.json ${OURS}
fi
`;
}

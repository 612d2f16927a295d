import { SWAP_OFF } from "../../providers/host/shell/before";
import type { Claim } from "../../providers/host/shell/claims";

export interface SwapArgs {
  /** The machine runs on another's kernel: swap in use is that computer's, and stays as it is. */
  sharedKernel: boolean;
}

/** Swap off, now and at every boot: in fstab, in systemd's units (made by generators too), as compressed memory. */
export function swapScript(args: SwapArgs): string {
  return `
${args.sharedKernel ? "" : REMEMBER_NOW}
if grep -qsE '^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)' /etc/fstab; then
  sed -E 's/^[^#[:space:]]+[[:space:]]+[^[:space:]]+[[:space:]]+swap([[:space:]]|$)/${SWAP_OFF}&/' /etc/fstab |
    write_file /etc/fstab "$(stat -c %a /etc/fstab)"
  systemctl daemon-reload
fi
for unit in $(swap_units); do
  remember_unit "$unit"
  systemctl stop -- "$unit" 2>/dev/null || true
  systemctl mask -- "$unit" 2>/dev/null || systemctl disable -- "$unit" 2>/dev/null || true
  echo "turned off $unit"
done
${args.sharedKernel ? "" : TURN_OFF_NOW}
[ "$(swap_at_boot)" = none ] || die "this would bring swap back at the next boot: $(swap_at_boot)" "remove it by hand, then run pulumi up again"
`;
}

const REMEMBER_NOW = `for device in $(swap_active); do [ "$device" = none ] || remember swap "$device" active; done`;

const TURN_OFF_NOW = `if [ "$(swap_active)" != none ]; then
  swapoff -a || true
  [ "$(swap_active)" = none ] || die "swap could not be turned off: $(swap_active)" "free some memory, run 'swapoff -a' on the host, then pulumi up again"
fi`;

export function swapClaims(args: SwapArgs): Claim[] {
  const atBoot: Claim = { kind: "swap", key: "at-boot", value: "none" };
  return args.sharedKernel ? [atBoot] : [{ kind: "swap", key: "active", value: "none" }, atBoot];
}

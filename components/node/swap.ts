import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import { hereDocument } from "../../providers/host/shell/quote";
import type { Step } from "./step";

const UNIT = "homelab-no-swap.service";
const UNIT_FILE = `/etc/systemd/system/${UNIT}`;
/** Runs each time that the kubelet is started, after all that switches swap on at boot. */
const UNIT_TEXT = `# Written by homelab. The kubelet does not start while swap is on. What came back after all is switched off, and is named in the journal.
[Unit]
Description=Swap off before the kubelet starts
After=local-fs.target swap.target rc-local.service
Before=kubelet.service

[Service]
Type=oneshot
ExecStart=/bin/bash -c 'if [ "$$(sed 1d /proc/swaps)" ]; then echo "swap had come back:"; sed 1d /proc/swaps; exec swapoff -a; fi'

[Install]
WantedBy=kubelet.service
`;

const CHECK_AT_BOOT = `remember_unit ${UNIT}
wrote=$(write_file ${UNIT_FILE} 644 ${hereDocument(UNIT_TEXT)}
)
[ -z "$wrote" ] || {
  echo "$wrote"
  systemctl daemon-reload
}
enable_unit ${UNIT}`;

/**
 * Swap off, now and at every boot, and checked again before the kubelet starts. On a shared kernel swap in use is another host's, and
 * stays as it is.
 */
export const swap: Step = {
  name: "swap",
  commands: ({ sharedKernel }) =>
    sharedKernel ? "swap_off_at_boot" : `remember_swap\nswap_off_at_boot\nswap_off_now\n${CHECK_AT_BOOT}`,
  expected: ({ sharedKernel }) =>
    sharedKernel
      ? [AT_BOOT]
      : [
          { kind: "swap", key: "active", value: "none" },
          AT_BOOT,
          expectedFile(UNIT_FILE, UNIT_TEXT),
          { kind: "unit-enabled", key: UNIT, value: "enabled" },
        ],
};

const AT_BOOT: ExpectedFact = { kind: "swap", key: "at-boot", value: "none" };

import { expectedPackages } from "../../../providers/host/facts/expected";
import { hereDocument, quote, quoteAll } from "../../../providers/host/shell/quote";
import { loadedModules, loadModules, type ModuleList } from "../../node/kernel-modules";
import type { Step } from "../../node/step";

/** iSCSI attaches volumes, NFS the ones that several pods share, cryptsetup the encrypted ones. */
const PACKAGES = ["cryptsetup", "nfs-common", "open-iscsi"] as const;
const ISCSID = "iscsid.service";
const MULTIPATHD = "multipathd.service";
const MULTIPATH_FILE = "/etc/multipath/conf.d/homelab-longhorn.conf";
/** By what Longhorn's devices answer, so that other disks of the host are multipath's as before. */
const BLACKLIST = `# Written by homelab. Longhorn's volumes are used by their own device: multipath must not take them.
blacklist {
    device {
        vendor "IET"
        product "VIRTUAL-DISK"
    }
}
`;

const LEAVE_OUT = "; or leave the host out of storage: storage.enabled: false, in homelab:machines";

const STORAGE_MODULES: ModuleList = {
  modules: ["dm_crypt", "iscsi_tcp"],
  file: "/etc/modules-load.d/homelab-longhorn.conf",
  purpose: "Longhorn",
  instead: LEAVE_OUT,
};

/**
 * What Longhorn needs of a host: iSCSI that works, clients of NFS and of encryption, volumes that multipath leaves alone, the
 * folder for the data. Longhorn's own check comes after its installation, and then its pods start again and again.
 */
export const storage: Step = {
  name: "storage",
  online: true,
  isWanted: ({ storage: folder }) => folder !== undefined,

  commands({ storage: folder, sharedKernel }) {
    if (!folder) throw new Error("the host keeps no volumes");
    return `${mountedDisk(folder.disk)}${loadModules(STORAGE_MODULES, sharedKernel)}
remember_unit ${ISCSID}
install_missing ${quoteAll(PACKAGES)}
${START_ISCSID}
${LEAVE_DEVICES_ALONE}
data=${quote(folder.dataPath)}
remember_folders "$data"
mkdir -p -- "$data" || die "the folder for Longhorn's data, $data, can't be made" "see addons.longhorn.dataPath and the node's storage.disk"`;
  },

  expected: ({ sharedKernel }) => [
    ...loadedModules(STORAGE_MODULES, sharedKernel),
    ...expectedPackages(PACKAGES),
    { kind: "unit-enabled", key: ISCSID, value: "enabled" },
    { kind: "unit-active", key: ISCSID, value: "active" },
    // Whether multipath is there is decided on the host.
    { kind: "file", key: MULTIPATH_FILE },
  ],
};

/** Without this check an unmounted disk would fill the system's own. */
function mountedDisk(disk: string | undefined): string {
  if (disk === undefined) return "";
  return `disk=${quote(disk)}
mountpoint -q -- "$disk" || die "no disk is mounted at $disk, which the inventory names for the volumes" "mount it there, with a line in /etc/fstab, or correct storage.disk in homelab:machines; nothing is formatted by this program"
`;
}

const START_ISCSID = `enable_unit ${ISCSID}
if [ "$(observe_unit_active ${ISCSID})" != active ]; then
  systemctl reset-failed ${ISCSID} 2>/dev/null || true
  systemctl start ${ISCSID} >/dev/null 2>&1 || true
  [ "$(observe_unit_active ${ISCSID})" = active ] || die "iscsid does not start, so the host can't attach Longhorn's volumes" "see 'journalctl -u iscsid' on the host${LEAVE_OUT}"
  echo "started iscsid"
fi`;

// It reads its files when it is told to; what a cut run wrote, it may not have read.
const LEAVE_DEVICES_ALONE = `if [ "$(observe_package multipath-tools)" != missing ]; then
  write_file ${MULTIPATH_FILE} 644 ${hereDocument(BLACKLIST)}
  [ "$(observe_unit_active ${MULTIPATHD})" != active ] || quietly systemctl reload ${MULTIPATHD}
  multipath -t 2>/dev/null | grep -E '^[[:space:]]*vendor[[:space:]]+"?IET"?[[:space:]]*$' >/dev/null || die "multipath does not leave Longhorn's devices alone: it doesn't read ${MULTIPATH_FILE}" "see 'multipath -t' and config_dir in /etc/multipath.conf; or 'apt-get purge multipath-tools', where nothing else needs it"
fi`;

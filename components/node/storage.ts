import type { Claim } from "../../providers/host/shell/claims";
import { hereDocument, quote } from "../../providers/host/shell/quote";
import { installMissingCommands, packageClaims } from "./base-packages";
import { loadModulesClaims, loadModulesCommands } from "./kernel-modules";

/** iSCSI attaches volumes, NFS the ones that several pods share, cryptsetup the encrypted ones. */
const PACKAGES = ["cryptsetup", "nfs-common", "open-iscsi"] as const;
const MODULES = ["dm_crypt", "iscsi_tcp"] as const;
const LOADED_AT_BOOT = "/etc/modules-load.d/homelab-longhorn.conf";
const LIST = `# Written by homelab. Longhorn needs these modules.\n${MODULES.join("\n")}\n`;

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

/** What the settings say of a storage node. */
export interface StorageFolder {
  /** Where Longhorn keeps the volumes' data: an absolute path. */
  dataPath: string;
  /**
   * Mount point of the disk that the folder is to be on: the step fails where nothing is mounted there. Left out: nothing is asked of
   * the mounts, and the folder is on whatever file system its path is.
   */
  disk?: string;
}

export interface StorageArgs extends StorageFolder {
  /** The machine runs on another's kernel: it can load no modules. */
  sharedKernel: boolean;
}

/**
 * What Longhorn needs of a host: iSCSI that works, clients of NFS and of encryption, volumes that multipath leaves alone, the
 * folder for the data. Longhorn's own check comes after its installation, and then its pods start again and again.
 */
export function storageScript(args: StorageArgs): string {
  return `
${mountedDisk(args.disk)}${loadModulesCommands(MODULES, loading(args))}
remember_unit ${ISCSID}
${installMissingCommands(PACKAGES)}
${START_ISCSID}
${LEAVE_DEVICES_ALONE}
data=${quote(args.dataPath)}
remember_folders "$data"
mkdir -p -- "$data" || die "the folder for Longhorn's data, $data, can't be made" "see addons.longhorn.dataPath and the node's storage.disk"
`;
}

/** Without this check an unmounted disk would fill the system's own. */
function mountedDisk(disk: string | undefined): string {
  if (disk === undefined) return "";
  return `disk=${quote(disk)}
mountpoint -q -- "$disk" || die "no disk is mounted at $disk, which the inventory names for the volumes" "mount it there, with a line in /etc/fstab, or mend storage.disk in homelab:machines; nothing is formatted by this program"
`;
}

function loading({ sharedKernel }: StorageArgs) {
  return { sharedKernel, file: LOADED_AT_BOOT, list: LIST, instead: LEAVE_OUT };
}

const START_ISCSID = `[ "$(unit_enabled ${ISCSID})" = enabled ] || quietly systemctl enable ${ISCSID}
if [ "$(unit_active ${ISCSID})" != active ]; then
  systemctl reset-failed ${ISCSID} 2>/dev/null || true
  systemctl start ${ISCSID} >/dev/null 2>&1 || true
  [ "$(unit_active ${ISCSID})" = active ] || die "iscsid does not start, so the host can't attach Longhorn's volumes" "see 'journalctl -u iscsid' on the host${LEAVE_OUT}"
  echo "started iscsid"
fi`;

// It reads its files when it is told to; what a cut run wrote, it may not have read.
const LEAVE_DEVICES_ALONE = `if [ "$(package_version multipath-tools)" != missing ]; then
  write_file ${MULTIPATH_FILE} 644 ${hereDocument(BLACKLIST)}
  [ "$(unit_active ${MULTIPATHD})" != active ] || quietly systemctl reload ${MULTIPATHD}
  multipath -t 2>/dev/null | grep -E '^[[:space:]]*vendor[[:space:]]+"?IET"?[[:space:]]*$' >/dev/null || die "multipath does not leave Longhorn's devices alone: it doesn't read ${MULTIPATH_FILE}" "see 'multipath -t' and config_dir in /etc/multipath.conf; or 'apt-get purge multipath-tools', where nothing else needs it"
fi`;

/** Whether multipath is there is decided on the host. */
export function storageClaims(args: StorageArgs): Claim[] {
  return [
    ...loadModulesClaims(MODULES, loading(args)),
    ...packageClaims(PACKAGES),
    { kind: "unit-enabled", key: ISCSID, value: "enabled" },
    { kind: "unit-active", key: ISCSID, value: "active" },
    { kind: "file", key: MULTIPATH_FILE },
  ];
}

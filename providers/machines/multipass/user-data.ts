import { dump } from "js-yaml";
import { mergeValues } from "../../../components/addons/values";
import { isMapping } from "../../../settings/stack-file";
import type { MachineInputs } from "./machine";
import { RECORD_PATH, type VmRecord } from "./record";

type Mapping = Record<string, unknown>;

/** What the user's own user-data may not set, and why: each would silently take away the way into the VM. */
const RESERVED: Record<string, string> = {
  ssh_keys: "the program sets the VM's host key, which it pins",
  ssh_deletekeys: "the VM must offer its pinned host key alone",
  ssh_genkeytypes: "the VM must offer its pinned host key alone",
  hostname: "it is the machine's name",
  fqdn: "the hostname is the machine's name",
  preserve_hostname: "the hostname is the machine's name",
  prefer_fqdn_over_hostname: "the hostname is the machine's name",
  user: "Multipass logs in as the image's own user",
  system_info: "Multipass logs in as the image's own user",
  cloud_init_modules: "it says whether users and keys are made",
  cloud_config_modules: "it says whether users and keys are made",
  cloud_final_modules: "it says whether users and keys are made",
  merge_how: "it says how user-data is put together",
  merge_type: "it says how user-data is put together",
  power_state: "the VM must run when it was made",
};

/** Lists that the program has entries of its own in: the user's come after them. */
const LISTS = ["users", "write_files"];

/** What is wrong with the user's own user-data; empty where nothing is. */
export function userDataProblems(cloudInit: Mapping, user: string): string[] {
  const problems = Object.keys(cloudInit)
    .filter((key) => Object.hasOwn(RESERVED, key))
    .map((key) => `'${key}' can't be set: ${RESERVED[key]}`);
  for (const key of LISTS) {
    if (key in cloudInit && !Array.isArray(cloudInit[key])) {
      problems.push(`'${key}' must be a list: the program has entries of its own in it`);
    }
  }
  if (entries(cloudInit.users).some((entry) => nameOf(entry) === user)) {
    problems.push(`'users' has '${user}', which is the program's own user; give yours another name`);
  }
  if (entries(cloudInit.write_files).some((entry) => isMapping(entry) && entry.path === RECORD_PATH)) {
    problems.push(`'write_files' has ${RECORD_PATH}, which is the program's own file`);
  }
  return problems;
}

/**
 * The whole user-data of a VM: the program's own, with the user's over it. Mappings are merged; of two single values the user's
 * holds; the lists above are joined. Keys are sorted. Holds the private host key.
 */
export function userData(vm: MachineInputs, record: VmRecord): string {
  const own = ownUserData(vm, record);
  const joined = LISTS.filter((key) => key in vm.cloudInit).map((key) => [
    key,
    [...entries(own[key]), ...entries(vm.cloudInit[key]).filter((entry) => entry !== "default")],
  ]);
  const merged = mergeValues(own, vm.cloudInit, Object.fromEntries(joined) as Mapping);
  // Long lines stay whole: Multipass reads this and writes it again.
  return `#cloud-config\n${dump(merged, { sortKeys: true, lineWidth: -1, noRefs: true })}`;
}

function ownUserData(vm: MachineInputs, record: VmRecord): Mapping {
  return {
    hostname: vm.name,
    preserve_hostname: false,
    manage_etc_hosts: true,
    // The steps install what is pinned; updates in the first boot would hold apt's lock and make VMs differ.
    package_update: false,
    package_upgrade: false,
    ssh_pwauth: false,
    disable_root: true,
    // Only the pinned key is offered: the image's and generated ones go.
    ssh_deletekeys: true,
    ssh_genkeytypes: ["ed25519"],
    ssh_keys: { ed25519_private: withNewline(vm.hostKeyPrivate), ed25519_public: withNewline(vm.hostKeyPublic) },
    users: [
      // Multipass logs in as the image's own user.
      "default",
      {
        name: vm.user,
        shell: "/bin/bash",
        lock_passwd: true,
        sudo: "ALL=(ALL) NOPASSWD:ALL",
        ssh_authorized_keys: [vm.authorizedKey.trim()],
      },
    ],
    write_files: [{ path: RECORD_PATH, permissions: "0644", content: `${JSON.stringify(record)}\n` }],
  };
}

function entries(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A user in cloud-init's list is a name, or a mapping that has one. */
function nameOf(entry: unknown): unknown {
  return isMapping(entry) ? entry.name : entry;
}

function withNewline(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

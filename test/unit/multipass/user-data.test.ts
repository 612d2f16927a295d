import { load } from "js-yaml";
import type { MachineInputs } from "../../../providers/machines/multipass/machine";
import { newRecord } from "../../../providers/machines/multipass/record";
import { userData, userDataProblems } from "../../../providers/machines/multipass/user-data";
import { inputs } from "./vm";

function userDataOf(changes: Partial<MachineInputs> = {}): Record<string, unknown> {
  const vm = { ...inputs, ...changes };
  return load(userData(vm, newRecord(vm))) as Record<string, unknown>;
}

test("user-data begins with the word by which cloud-init knows it", () => {
  expect(userData(inputs, newRecord(inputs))).toMatch(/^#cloud-config\n/);
});

test("the user logs in by the program's key alone, and may use sudo without a password", () => {
  expect(userDataOf().users).toEqual([
    "default",
    expect.objectContaining({
      name: inputs.user,
      sudo: "ALL=(ALL) NOPASSWD:ALL",
      lock_passwd: true,
      ssh_authorized_keys: [inputs.authorizedKey],
    }),
  ]);
  expect(userDataOf().ssh_pwauth).toBe(false);
});

test("the VM has the pinned host key, whole to its last newline, and no other", () => {
  const data = userDataOf({ hostKeyPrivate: "-----BEGIN\nkey\n-----END" });
  expect(data.ssh_keys).toEqual({
    ed25519_private: "-----BEGIN\nkey\n-----END\n",
    ed25519_public: `${inputs.hostKeyPublic}\n`,
  });
  expect(data.ssh_deletekeys).toBe(true);
  expect(data.ssh_genkeytypes).toEqual(["ed25519"]);
});

test("the VM has its name, and updates nothing by itself", () => {
  expect(userDataOf()).toMatchObject({
    hostname: inputs.name,
    preserve_hostname: false,
    package_update: false,
    package_upgrade: false,
  });
});

test("the user's own user-data is merged over the program's", () => {
  const data = userDataOf({
    cloudInit: {
      package_update: true,
      timezone: "Europe/Zurich",
      runcmd: [["true"]],
      users: ["default", { name: "other" }],
      write_files: [{ path: "/etc/motd", content: "hello" }],
    },
  });
  expect(data).toMatchObject({
    package_update: true,
    timezone: "Europe/Zurich",
    runcmd: [["true"]],
    ssh_pwauth: false,
  });
  expect((data.users as unknown[]).map((user) => (user as { name?: string }).name ?? user)).toEqual([
    "default",
    inputs.user,
    "other",
  ]);
  expect((data.write_files as { path: string }[]).map((file) => file.path)).toEqual([
    "/etc/homelab/vm.json",
    "/etc/motd",
  ]);
});

test("the order of the user's keys does not change the text", () => {
  const record = newRecord(inputs);
  const one = userData({ ...inputs, cloudInit: { timezone: "UTC", locale: "C" } }, record);
  expect(userData({ ...inputs, cloudInit: { locale: "C", timezone: "UTC" } }, record)).toBe(one);
});

test.each<[string, Record<string, unknown>]>([
  ["ssh_keys", { ssh_keys: {} }],
  ["ssh_deletekeys", { ssh_deletekeys: false }],
  ["hostname", { hostname: "other" }],
  ["cloud_init_modules", { cloud_init_modules: [] }],
  ["power_state", { power_state: { mode: "reboot" } }],
  ["users", { users: "other" }],
  ["users", { users: [{ name: inputs.user, ssh_authorized_keys: [] }] }],
  ["users", { users: [inputs.user] }],
  ["write_files", { write_files: [{ path: "/etc/homelab/vm.json" }] }],
])("user-data is refused that would take away the way into the VM by '%s'", (key, cloudInit) => {
  expect(userDataProblems(cloudInit, inputs.user)).toEqual([expect.stringContaining(`'${key}'`)]);
});

test("user-data without any of that has no problem", () => {
  expect(userDataProblems({ packages: ["jq"], users: [{ name: "other" }], write_files: [] }, inputs.user)).toEqual([]);
});

import { existsSync } from "node:fs";
import { BareHosts, onHost } from "../../harness/machines/bare-hosts";

/** The storage step on a real host whose kernel is the workstation's. */

jest.setTimeout(5 * 60_000);

let hosts: BareHosts;

beforeAll(async () => {
  hosts = await BareHosts.create("fls", 1, { mirror: false });
});

afterAll(async () => hosts?.remove());

const storage = { dataPath: "/var/lib/longhorn" };

const iscsi = existsSync("/sys/module/iscsi_tcp");
(iscsi ? test.skip : test)(
  `iscsi-missing: a host is refused before anything is installed on it${iscsi ? " (the workstation's kernel has iSCSI)" : ""}`,
  async () => {
    const host = hosts.host(0);
    const before = await onHost(host, "dpkg-query -W | sha256sum");
    await expect(hosts.step(host, "storage", { settings: { storage } })).rejects.toThrow(
      /the kernel module (dm_crypt|iscsi_tcp) can't be loaded; .*storage\.enabled: false/s,
    );
    expect(await onHost(host, "dpkg-query -W | sha256sum")).toEqual(before);
    await expect(onHost(host, "test -e /var/lib/homelab/expected/storage.json")).rejects.toThrow();
  },
);

test("a host without the disk that the inventory names is refused, and its own disk is not written to", async () => {
  const settings = { storage: { disk: "/mnt/ssd", dataPath: "/mnt/ssd/longhorn" } };
  await expect(hosts.step(hosts.host(0), "storage", { settings })).rejects.toThrow(/no disk is mounted at \/mnt\/ssd/);
  await expect(onHost(hosts.host(0), "test -e /mnt/ssd")).rejects.toThrow();
});

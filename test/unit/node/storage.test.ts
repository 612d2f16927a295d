import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { StepArgs } from "../../../components/node/step";
import { storage } from "../../../components/addons/longhorn/node-step";
import type { StorageFolder } from "../../../components/addons/longhorn/storage";
import { libraryText } from "../../../providers/host/shell/library";

/**
 * The step runs as it is, with its folders moved below a temporary one, and programs on PATH that keep a host's state as files: what
 * is loaded, installed, enabled and active.
 */
let host: string;
const at = (...names: string[]) => join(host, ...names);
const there = (...names: string[]) => existsSync(at(...names));
const make = (...names: string[]) => {
  mkdirSync(dirname(at(...names)), { recursive: true });
  writeFileSync(at(...names), "");
};

const PROGRAMS: Record<string, string> = {
  modprobe: `[ ! -e "$HOST/absent/$2" ] && mkdir -p "$HOST/sys/module/$2"`,
  "dpkg-query": `[ -e "$HOST/packages/\${!#}" ] && printf 'installed 1.0'`,
  dpkg: ":",
  "apt-get": `for word; do
  case $word in
    -s) exit 0 ;;
    --) names=yes ;;
    *) [ -z "\${names-}" ] || touch "$HOST/packages/$word" ;;
  esac
done`,
  systemctl: `case $1 in
  is-enabled) [ -e "$HOST/enabled/\${!#}" ] && echo enabled ;;
  is-active) [ -e "$HOST/active/\${!#}" ] && echo active ;;
  enable) touch "$HOST/enabled/$2" ;;
  start) [ ! -e "$HOST/absent/$2" ] && touch "$HOST/active/$2" ;;
  reload) cp "$HOST"/etc/multipath/conf.d/* "$HOST/read-by-multipathd/" ;;
esac`,
  multipath: `[ -e "$HOST/absent/conf.d" ] || cat "$HOST"/etc/multipath/conf.d/*`,
  mountpoint: `[ -e "$HOST/mounted/\${!#}" ]`,
};

beforeEach(() => {
  host = mkdtempSync(join(tmpdir(), "storage-"));
  for (const folder of ["bin", "packages", "enabled", "active", "absent", "read-by-multipathd", "run"]) {
    mkdirSync(at(folder));
  }
  for (const [name, text] of Object.entries(PROGRAMS)) {
    writeFileSync(at("bin", name), `#!/bin/bash\n${text}\n`);
    chmodSync(at("bin", name), 0o755);
  }
});
afterEach(() => rmSync(host, { recursive: true }));

type Args = Partial<StorageFolder> & { sharedKernel?: boolean };

function stepArgs({ sharedKernel = false, ...folder }: Args): StepArgs {
  return {
    sharedKernel,
    iscsi: true,
    storage: { dataPath: "/data/longhorn", ...folder },
  } as Partial<StepArgs> as StepArgs;
}

function run(args: Args = {}) {
  const script = [
    "set -euo pipefail",
    "host=w1 step=storage",
    libraryText(),
    `before=${at("ours/before")} lock_seconds=1 PATH=${at("bin")}:$PATH`,
    storage.commands(stepArgs(args)),
  ].join("\n");
  const moved = script.replace(/(?<![\w/.}-])\/(etc|run|data|sys\/module|lib\/modules|var)\//g, `${host}/$1/`);
  const environment = { ...process.env, HOST: host, PATH: `${at("bin")}:${process.env.PATH}` };
  return spawnSync("bash", ["-s"], { input: moved, encoding: "utf8", env: environment });
}

test("a host gets the packages, the modules now and at boot, iscsid, and the folder", () => {
  expect(run()).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(at("packages")).sort()).toEqual(["cryptsetup", "nfs-common", "open-iscsi"]);
  expect(readdirSync(at("sys/module")).sort()).toEqual(["dm_crypt", "iscsi_tcp"]);
  expect(readFileSync(at("etc/modules-load.d/homelab-longhorn.conf"), "utf8")).toContain("\ndm_crypt\niscsi_tcp\n");
  expect([there("enabled/iscsid.service"), there("active/iscsid.service"), there("data/longhorn")]).toEqual([
    true,
    true,
    true,
  ]);
  expect(there("etc/multipath")).toBe(false);
});

test("a second run says and changes nothing", () => {
  run();
  expect(run()).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("what was there before is remembered, so that removal puts it back", () => {
  run();
  const journal = readFileSync(at("ours/before/journal"), "utf8");
  expect(journal).toContain("module\tiscsi_tcp\tmissing\n");
  expect(journal).toContain("unit\tiscsid.service\tnot-found \n");
  expect(journal).toContain(`file\t${at("etc/modules-load.d/homelab-longhorn.conf")}\tabsent\n`);
  expect(journal).toContain(`folder\t${at("data/longhorn")}\tabsent\n`);
});

test("multipathd-active: it is told to leave Longhorn's devices alone, and keeps running for others", () => {
  make("packages/multipath-tools");
  make("active/multipathd.service");
  expect(run()).toMatchObject({ status: 0, stderr: "" });
  const [file = ""] = readdirSync(at("read-by-multipathd"));
  const blacklist = readFileSync(at("read-by-multipathd", file), "utf8");
  expect(blacklist).toMatch(/^blacklist \{\n +device \{\n +vendor "IET"\n +product "VIRTUAL-DISK"\n/m);
  expect(blacklist).not.toContain("devnode");
  expect(there("active/multipathd.service")).toBe(true);
});

test("multipathd-active: a multipath that doesn't read the file is an error, not a volume lost later", () => {
  make("packages/multipath-tools");
  make("absent/conf.d");
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(stderr).toContain("multipath does not leave Longhorn's devices alone");
});

test("iscsi-missing: a kernel without it is refused before any package is installed", () => {
  make("absent/iscsi_tcp");
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(stderr).toContain("the kernel module iscsi_tcp can't be loaded");
  expect(stderr).toContain("storage.enabled: false");
  expect(readdirSync(at("packages"))).toEqual([]);
});

test("iscsi-missing: an iscsid that doesn't start is refused, with what to do", () => {
  make("absent/iscsid.service");
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(stderr).toMatch(/^w1: storage: iscsid does not start, .*journalctl -u iscsid.*storage\.enabled: false/);
});

test("a disk of the inventory that is not mounted is refused: the volumes would fill the system's own", () => {
  const disk = at("ssd");
  const refused = run({ disk, dataPath: `${disk}/longhorn` });
  expect(refused.stderr).toContain(`no disk is mounted at ${disk}`);
  expect(there("ssd")).toBe(false);
  make("mounted", disk);
  expect(run({ disk, dataPath: `${disk}/longhorn` })).toMatchObject({ status: 0, stderr: "" });
  expect(there("ssd/longhorn")).toBe(true);
});

test("a host on another's kernel loads no modules and lists none for the boot", () => {
  make("absent/dm_crypt");
  const { stderr } = run({ sharedKernel: true });
  expect(stderr).toContain("this host shares its kernel");
  expect(there("ours/before/journal")).toBe(false);
  expect(storage.expected(stepArgs({ sharedKernel: true, dataPath: "/d" }))).not.toContainEqual(
    expect.objectContaining({ key: "/etc/modules-load.d/homelab-longhorn.conf" }),
  );
});

import { spawnSync } from "node:child_process";
import type { StepArgs } from "../../../components/node/step";
import { swap } from "../../../components/node/swap";
import { HostTree } from "../../harness/host-tree";

/** Units as the packages of Debian 12 and Raspberry Pi OS have them, as far as systemctl reads them. */
const SERVICE = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n";
const installed = spawnSync("systemctl", ["--version"]).status === 0;

let host: HostTree;
beforeEach(() => {
  host = new HostTree();
  inUse();
  // The workstation's own systemctl reads and changes the units of the tree. What runs is a file in $HOST/active.
  host.program(
    "systemctl",
    `root=(/usr/bin/systemctl --root="$HOST")
case $1 in
  list-unit-files | is-enabled | enable | disable | mask | unmask | --quiet) exec "\${root[@]}" "$@" ;;
  is-active) [ -e "$HOST/active/\${!#}" ] && echo active || { echo inactive; exit 3; } ;;
  start) mkdir -p "$HOST/active"; touch "$HOST/active/\${!#}" ;;
  stop) rm -f "$HOST/active/\${!#}" ;;
  show) sed -n 's/^What=//p' "$HOST/etc/systemd/system/\${!#}" ;;
esac`,
  );
  host.program("swapoff", `head -n 1 "$HOST/proc/swaps" >"$HOST/swaps"; mv "$HOST/swaps" "$HOST/proc/swaps"`);
  host.program("swapon", `printf '%s file 1 0 -2\\n' "\${!#}" >>"$HOST/proc/swaps"`);
});
afterEach(() => host.remove());

function inUse(...areas: [area: string, kind: string][]): void {
  const rows = areas.map(([area, kind]) => `${area}                            ${kind}\t\t102396\t\t0\t\t-2\n`);
  host.write("proc/swaps", `Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n${rows.join("")}`);
}

function unit(name: string, text = SERVICE, folder = "usr/lib"): void {
  host.write(`${folder}/systemd/system/${name}`, text);
  expect(spawnSync("systemctl", ["--root", host.root, "enable", name]).status).toBe(0);
}

const run = () => host.run(swap.commands({ sharedKernel: false } as StepArgs));
const undo = () => host.run("prepare_restore_swap; prepare_restore_unit; restore_unit; restore_swap");
const enabled = (name: string) =>
  spawnSync("systemctl", ["--root", host.root, "is-enabled", name], { encoding: "utf8" }).stdout.trim();
const origins = () => host.run("swap_origins").stdout.trim().split("\n");

(installed ? describe : describe.skip)(
  `a host's swap${installed ? "" : " (skipped: systemctl is not installed)"}`,
  () => {
    for (const [name, areas] of [
      ["dphys-swapfile.service", [["/var/swap", "file"]]],
      ["swapspace.service", [["/var/lib/swapspace/1699", "file"]]],
      ["zramswap.service", [["/dev/zram0", "partition"]]],
      ["zram-config.service", [["/dev/zram0", "partition"]]],
      ["armbian-zram-config.service", [["/dev/zram0", "partition"]]],
    ] as [string, [string, string][]][]) {
      test(`swap-service: ${name} is turned off, and the removal of the host puts it back`, () => {
        unit(name);
        host.write(`active/${name}`, "");
        inUse(...areas.map(([area, kind]): [string, string] => [area.replace(/^\/var/, `${host.root}/var`), kind]));
        expect(origins()).toEqual(areas.map(([area]) => `${name}:${area.replace(/^\/var/, `${host.root}/var`)}`));
        expect(run()).toMatchObject({ status: 0, stderr: "" });
        expect([enabled(name), host.has(`active/${name}`)]).toEqual(["masked", false]);
        expect(host.run("observe swap at-boot; observe swap active").stdout).toBe("none\nnone\n");
        expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
        expect(undo()).toEqual({ status: 0, stdout: "", stderr: "" });
        expect([enabled(name), host.has(`active/${name}`)]).toEqual(["enabled", true]);
      });
    }

    test("swap-service: units of swap, as generators make them, are masked, and come back", () => {
      unit("dev-zram0.swap", "[Swap]\nWhat=/dev/zram0\n[Install]\nWantedBy=swap.target\n");
      host.write("active/dev-zram0.swap", "");
      run();
      expect(enabled("dev-zram0.swap")).toBe("masked");
      undo();
      expect([enabled("dev-zram0.swap"), host.has("active/dev-zram0.swap")]).toEqual(["enabled", true]);
    });

    test("swap-service: a unit in /etc, which can't be masked, is disabled, and comes back", () => {
      unit("swapfile.swap", "[Swap]\nWhat=/swapfile\n[Install]\nWantedBy=swap.target\n", "etc");
      host.write("active/swapfile.swap", "");
      inUse(["/swapfile", "file"]);
      expect(origins()).toEqual(["swapfile.swap:/swapfile"]);
      run();
      expect(enabled("swapfile.swap")).toBe("disabled");
      undo();
      expect(enabled("swapfile.swap")).toBe("enabled");
    });

    test("swap-service: swap that nothing known brings back is of unknown origin", () => {
      // The service is there, for an area of its own.
      unit("dphys-swapfile.service");
      host.write("etc/dphys-swapfile", '# CONF_SWAPFILE=/no\nCONF_SWAPFILE="/data/swap"\n');
      host.write("etc/fstab", "/swapfile none swap sw 0 0\n# /old none swap sw 0 0\n");
      inUse(["/swapfile", "file"], ["/data/swap", "file"], ["/old", "file"], ["/dev/zram0", "partition"]);
      expect(origins()).toEqual([
        "fstab:/swapfile",
        "dphys-swapfile.service:/data/swap",
        "unknown:/old",
        "unknown:/dev/zram0",
      ]);
    });

    test("swap-service: it is checked again before the kubelet starts", () => {
      run();
      expect(enabled("homelab-no-swap.service")).toBe("enabled");
      const wanted = "etc/systemd/system/kubelet.service.wants/homelab-no-swap.service";
      expect(host.has(wanted)).toBe(true);
      // As systemd runs it: $$ is a $.
      const [, command = ""] = /^ExecStart=\/bin\/bash -c '(.*)'$/m.exec(
        host.read("etc/systemd/system/homelab-no-swap.service"),
      ) as unknown as string[];
      const checked = () => host.run(command.replaceAll("$$", "$")).stdout;
      expect(checked()).toBe("");
      inUse(["/dev/zram0", "partition"]);
      expect(checked()).toContain("swap had come back:\n/dev/zram0");
      expect(host.run("observe swap active").stdout).toBe("none\n");
      undo();
      expect(host.has(wanted)).toBe(false);
    });

    test("swap-service: on a shared kernel nothing is checked at the boot: the swap is another host's", () => {
      const args = { sharedKernel: true } as StepArgs;
      expect(swap.commands(args)).not.toContain("homelab-no-swap");
      expect(swap.expected(args)).toHaveLength(1);
    });
  },
);

test.each([
  ["a blank before it", "  /swapfile none swap sw 0 0"],
  ["a tab before it", "\tUUID=1234 none swap sw 0 0"],
  ["a number sign in a label", "LABEL=swap#1\tnone\tswap\tdefaults,pri=5"],
  ["no more fields", "/dev/sda3 none swap"],
])(
  "fstab-blank: a line of swap with %s is switched off, and the removal of the host switches it on again",
  (_what, line) => {
    const fstab = `# comment\n/dev/sda1 / ext4 defaults 0 1\n${line}\n  # /dev/x none swap sw 0 0\n`;
    host.write("etc/fstab", fstab);
    expect(run()).toMatchObject({ status: 0, stderr: "" });
    expect(host.read("etc/fstab")).toBe(fstab.replace(line, `# off by homelab: ${line}`));
    expect(run()).toEqual({ status: 0, stdout: "", stderr: "" });
    undo();
    expect(host.read("etc/fstab")).toBe(fstab);
  },
);

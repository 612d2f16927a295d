import * as fs from "node:fs";
import * as path from "node:path";

import { cached, keyOf } from "../build/cache";
import { must } from "../run-program";

/** What `ensureDebianBase` leaves in its folder. */
export const debianBase = {
  layer: "cilium-base.tar.zst",
  runc: "runc",
  busybox: "busybox",
  certificates: "ca-certificates.crt",
} as const;

const suite = "bookworm";

/** What Cilium's agent calls (images/runtime of its sources), and what its chart's init containers do. */
const agentPackages = ["bpftool", "ca-certificates", "clang-19", "ipset", "iproute2", "iptables", "kmod", "procps"];

/** Programs that leave the tree and become a package or an image of their own. */
const takenOut = { runc: "usr/sbin/runc", "busybox-static": "usr/bin/busybox" };

/**
 * What is in the tree and never used there: clang compiles for BPF alone, without a linker and with Cilium's own headers
 * (-nostdinc), and no package is ever installed. It is more than half of the tree.
 */
const unused = [
  "boot",
  "dev",
  "usr/bin/apt*",
  "usr/bin/perl*",
  "usr/bin/*-linux-gnu-*",
  "usr/include",
  "usr/lib/apt",
  "usr/lib/gcc",
  "usr/lib/llvm-19/lib/clang",
  "usr/lib/llvm-19/lib/*.so",
  "usr/lib/*/*.a",
  "usr/lib/*/*.o",
  "usr/lib/*/gconv",
  "usr/lib/*/gprofng",
  "usr/lib/*/ldscripts",
  ...["asan", "bfd", "clang-19", "gprofng", "lsan", "opcodes", "perl", "tsan", "ubsan"].map(
    (n) => `usr/lib/*/lib${n}*`,
  ),
  "usr/lib/*/perl*",
  "usr/share/doc",
  "usr/share/info",
  "usr/share/locale",
  "usr/share/man",
  "usr/share/perl*",
  "usr/share/zoneinfo",
  "var/cache/*",
  "var/lib/apt",
  "var/lib/dpkg",
  "var/log/*",
];

/**
 * The parts of Debian that the mirror hands on: the root file system of Cilium's image as a packed layer, runc and a
 * static busybox. Needs root and Debian's own mirror; takes about a minute unless it is cached. Returns the folder.
 */
export async function ensureDebianBase(mirrorProgram: string): Promise<string> {
  const recipe = { suite, agentPackages, takenOut, unused };
  return cached("debian-base", keyOf(recipe, []), async (folder) => {
    const tree = path.join(folder, "tree");
    const packages = [...agentPackages, ...Object.keys(takenOut)].join(",");
    const options = ["--variant=minbase", `--include=${packages}`, '--aptopt=Acquire::Retries "5"', suite, tree];
    await must("installing Debian for Cilium's image", "mmdebstrap", options);
    fs.renameSync(path.join(tree, takenOut.runc), path.join(folder, debianBase.runc));
    fs.renameSync(path.join(tree, takenOut["busybox-static"]), path.join(folder, debianBase.busybox));
    fs.copyFileSync(path.join(tree, "etc/ssl/certs/ca-certificates.crt"), path.join(folder, debianBase.certificates));
    await must("trimming it", "sh", ["-c", 'cd -- "$1" && shift && rm -rf -- $*', "trim", tree, ...unused]);
    fs.symlinkSync("../lib/llvm-19/bin/clang", path.join(tree, "usr/bin/clang"));
    fs.mkdirSync(path.join(tree, "dev"));
    await must("packing Cilium's image", mirrorProgram, [
      "layer",
      "--tree",
      tree,
      "--output",
      path.join(folder, debianBase.layer),
    ]);
    fs.rmSync(tree, { recursive: true });
  });
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import execa from "execa";
import { ensureBaseImage } from "../../../providers/machines/nspawn/base-image";
import { missingRequirements } from "./requirements";

const STATE_DIR = "/var/lib/homelab/nspawn";
const IMAGE = { distribution: "debian", release: "bookworm" } as const;

/** Why there are no such trees on this workstation, for the report; nothing where there are. */
export function whyNoTrees(): string | undefined {
  return missingRequirements("trying scripts in a tree of Debian", {
    unshare: "util-linux",
    mmdebstrap: "mmdebstrap",
    gpg: "gnupg",
  });
}

/**
 * The tree of a fresh host without systemd and without a network: scripts run in it with the real apt and dpkg. What a run
 * changes is gone after it, so each run begins with its host's past.
 */
export class ThrowawayTree {
  private constructor(
    private readonly folder: string,
    /** By repository, the fingerprint of its key. */
    readonly fingerprints: Readonly<Record<string, string>>,
  ) {}

  /** @param packages of the small repositories below /repositories; see small-repositories.sh */
  static async create(packages: readonly string[]): Promise<ThrowawayTree> {
    const folder = await mkdtemp("/var/tmp/homelab-tree-");
    const image = await ensureBaseImage(STATE_DIR, IMAGE);
    for (const part of ["tree", "over", "repositories"]) await mkdir(path.join(folder, part));
    await execa("tar", ["-xf", image, "-C", path.join(folder, "tree")]);
    const { stdout } = await execa("bash", [
      path.join(__dirname, "small-repositories.sh"),
      path.join(folder, "repositories"),
      IMAGE.release,
      ...packages,
    ]);
    const fingerprints = stdout.split("\n").map((line): [string, string] => {
      const [name = "", fingerprint = ""] = line.split(" ");
      return [name, fingerprint];
    });
    return new ThrowawayTree(folder, Object.fromEntries(fingerprints));
  }

  /** Runs a script as root; `status` is its exit code. */
  async run(script: string): Promise<{ status: number; stdout: string; stderr: string }> {
    await writeFile(
      path.join(this.folder, "script.sh"),
      `${script}
`,
    );
    const runner = ["bash", path.join(__dirname, "throwaway-tree.sh"), this.folder];
    const { exitCode, stdout, stderr } = await execa(
      "unshare",
      ["--mount", "--pid", "--net", "--fork", "--kill-child", ...runner],
      { reject: false },
    );
    return { status: exitCode, stdout, stderr };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

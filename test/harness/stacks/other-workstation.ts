import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { copyCheckout } from "./checkout-copy";

/** What goes to the other workstation: the repository is there too, with its npm packages. */
export interface OtherWorkstation {
  /** Folder with the engine and its plugins. */
  engine: string;
  /** Folder that has the state, as `.pulumi`, and the settings file. */
  state: string;
  settingsFile: string;
  stack: string;
  passphrase: string;
}

/**
 * `pulumi preview --json` as in a container that has the repository, the state and the passphrase, and nothing else: no
 * network, no home, no caches, no machines, no programs but the system's, node and Pulumi's. Answers what it prints.
 *
 * @throws Error with its output where it fails
 */
export async function previewOnOtherWorkstation(given: OtherWorkstation): Promise<string> {
  const place = await mkdtemp(path.join(os.tmpdir(), "homelab-other-"));
  try {
    const at = (name: string) => path.join(place, name);
    await Promise.all([mkdir(at("engine")), mkdir(at("home")), mkdir(at("state"))]);
    await cp(path.join(given.state, ".pulumi"), at("state/.pulumi"), { recursive: true });
    await cp(given.settingsFile, at(`Pulumi.${given.stack}.yaml`));
    await mkdir(at("repository"));
    await copyCheckout(at("repository"));
    const ended = await execa(
      "unshare",
      ["--net", "--mount", "--pid", "--fork", "--kill-child", "bash", "-euc", INSIDE],
      {
        cwd: at("repository"),
        extendEnv: false,
        env: {
          // As in `LabStack`: other plugins win over the engine's.
          PATH: `${process.env.HOMELAB_PLUGINS ? `${process.env.HOMELAB_PLUGINS}:` : ""}${at("engine")}:${path.dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
          HOME: at("home"),
          REAL_HOME: os.homedir(),
          ENGINE: given.engine,
          ENGINE_HERE: at("engine"),
          STACK: given.stack,
          SETTINGS: at(`Pulumi.${given.stack}.yaml`),
          PULUMI_HOME: at("home/.pulumi"),
          PULUMI_BACKEND_URL: `file://${at("state")}`,
          PULUMI_CONFIG_PASSPHRASE: given.passphrase,
          PULUMI_SKIP_UPDATE_CHECK: "true",
          PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        },
        reject: false,
        stdin: "ignore",
      },
    );
    if (ended.exitCode !== 0)
      throw new Error(`the preview on another workstation failed:\n${ended.stdout}\n${ended.stderr}`);
    return ended.stdout;
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The engine's folder may be in the home that is hidden. */
const INSIDE = `mount --make-rprivate /
mount --bind "$ENGINE" "$ENGINE_HERE"
for folder in "$REAL_HOME"/.cache "$REAL_HOME"/.pulumi "$REAL_HOME"/.kube "$REAL_HOME"/.ssh /var/lib/homelab /run; do [ ! -d "$folder" ] || mount -t tmpfs tmpfs "$folder"; done
ip link set lo up
exec pulumi preview --json -s "$STACK" --config-file "$SETTINGS"`;

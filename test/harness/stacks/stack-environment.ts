import path from "node:path";

/**
 * The engine and its plugins, with a backend, a Pulumi home and a passphrase of the stack's own. Plugins in the folder
 * `HOMELAB_PLUGINS` win over those that the lab builds: so the same tests run with the released ones.
 *
 * @param engine folder of the engine's programs
 * @param folder of the stack
 * @param base what else this workstation's environment has there
 */
export function stackEnvironment(
  engine: string,
  folder: string,
  passphrase: string,
  base: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv {
  const folders = [process.env.HOMELAB_PLUGINS, engine, base.PATH ?? process.env.PATH];
  return {
    ...process.env,
    ...base,
    PATH: folders.filter(Boolean).join(path.delimiter),
    PULUMI_HOME: path.join(folder, "pulumi-home"),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_PARALLEL: "32",
    PULUMI_CONTINUE_ON_ERROR: "true",
    NO_COLOR: "1",
  };
}

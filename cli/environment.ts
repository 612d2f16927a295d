import type { Backend } from "./backend";
import type { Engine } from "./engine";
import type { Passphrase } from "./passphrase";
import { places } from "./places";

/** SSH waits use no core, so Pulumi's default of four operations a core is too few. */
const PARALLEL = 32;

/** Variables to set (`undefined`: to unset), and a folder to put before PATH. */
export interface Environment {
  path?: string;
  variables: Record<string, string | undefined>;
}

/** What Pulumi needs in the environment so that it finds what `make up` has found or made. Pure. */
export function environmentFor(
  engine: Engine,
  backend: Pick<Backend, "url">,
  passphrase: Passphrase,
  credentials: string | undefined,
): Environment {
  const variables: Environment["variables"] = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    PULUMI_PARALLEL: String(PARALLEL),
    // One host that fails must not keep the others from finishing.
    PULUMI_CONTINUE_ON_ERROR: "true",
  };
  if (backend.url) variables.PULUMI_BACKEND_URL = backend.url;
  if (engine.ownHome) {
    variables.PULUMI_HOME = places.pulumiHome;
    // Plugins that merely lie on PATH would win, with a warning each time.
    variables.PULUMI_IGNORE_AMBIENT_PLUGINS = "true";
    // The login stays where it is, although the plugins are elsewhere.
    if (credentials && credentials !== places.pulumiHome) variables.PULUMI_CREDENTIALS_PATH = credentials;
  }
  if (engine.builtPlugins.length > 0) variables.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
  if (passphrase.file) {
    // The variable would win over the file, and is for the user's other projects.
    if (passphrase.published) variables.PULUMI_CONFIG_PASSPHRASE = undefined;
    variables.PULUMI_CONFIG_PASSPHRASE_FILE = passphrase.file;
  }
  return { path: engine.path, variables };
}

/** Puts it into effect for the programs that this process starts. */
export function applyEnvironment({ path, variables }: Environment, environment: NodeJS.ProcessEnv = process.env): void {
  if (path) environment.PATH = `${path}:${environment.PATH ?? ""}`;
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete environment[name];
    else environment[name] = value;
  }
}

/** The text of `.homelab/env`, for any POSIX shell. Sourced twice, it changes PATH once. */
export function environmentFile({ path, variables }: Environment, stack: string): string {
  const lines = ["# Written by `make up`. For typing by hand:", `#   . .homelab/env && pulumi preview -s ${stack}`];
  if (path)
    lines.push(`case ":$PATH:" in *:${quoted(path)}:*) ;; *) PATH=${quoted(path)}:$PATH ;; esac`, "export PATH");
  for (const [name, value] of Object.entries(variables)) {
    lines.push(value === undefined ? `unset ${name}` : `export ${name}=${quoted(value)}`);
  }
  return lines.join("\n") + "\n";
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

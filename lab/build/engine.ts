import * as fs from "node:fs";
import * as path from "node:path";
import { load } from "js-yaml";
import { quote } from "../../shell/quote";

const project = fs.readFileSync(path.join(__dirname, "..", "..", "Pulumi.yaml"), "utf8");
const { options } = (load(project) as { runtime: { options: { typescript: boolean; nodeargs: string } } }).runtime;

/**
 * What stands beside the engine's binaries. Plugins in the CLI's own folder are taken without a search of PATH.
 * `$0` is resolved, so that a link to the folder works too.
 */
const scripts: Readonly<Record<string, string>> = {
  // This language host is older than the `runtime.options` of Pulumi.yaml, so they are given to it here.
  "pulumi-language-nodejs": `#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/pulumi-language-nodejs-bin" -typescript=${options.typescript} -nodeargs ${quote(options.nodeargs)} "$@"
`,
  // The engine starts it in the project's folder, whose SDK it has to be. Replaces the shell (the SDK's own script
  // does not), so that the engine ends the provider itself and not only the shell.
  "pulumi-resource-pulumi-nodejs": `#!/bin/sh
provider=$(node -p 'require.resolve("@pulumi/pulumi/cmd/dynamic-provider")') || exit 1
exec node "$provider" "$@"
`,
};

/** Changes whenever one of the scripts does. */
export const engineScripts: object = scripts;

/** Puts the engine together in one folder: the binaries of `parts` and the scripts. */
export function assembleEngine(folder: string, parts: readonly string[]): void {
  for (const part of parts) {
    for (const binary of fs.readdirSync(part)) {
      fs.linkSync(path.join(part, binary), path.join(folder, binary));
    }
  }
  for (const [name, text] of Object.entries(scripts)) {
    fs.writeFileSync(path.join(folder, name), text, { mode: 0o755 });
  }
}

import * as fs from "node:fs";
import * as path from "node:path";
import { load } from "js-yaml";
import { quote } from "../../providers/host/shell/quote";

const project = fs.readFileSync(path.join(__dirname, "..", "..", "Pulumi.yaml"), "utf8");
const { options } = (load(project) as { runtime: { options: { typescript: boolean; nodeargs: string } } }).runtime;

/**
 * What is in the engine's folder beside the binaries. Plugins in the CLI's own folder are used without a search of PATH.
 * `$0` is resolved, so that a link to the folder works too.
 */
const scripts: Readonly<Record<string, string>> = {
  // This language host is older than the `runtime.options` of Pulumi.yaml, so they are given to it here.
  "pulumi-language-nodejs": `#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/pulumi-language-nodejs-bin" -typescript=${options.typescript} -nodeargs ${quote(options.nodeargs)} "$@"
`,
  // The engine starts it in the project's folder, whose SDK it has to be. One process, where the SDK's own script takes
  // three: the engine ends the provider itself and not only a shell, and a preview waits for one start of Node.
  "pulumi-resource-pulumi-nodejs": `#!/bin/sh
exec node -e 'require("@pulumi/pulumi/cmd/dynamic-provider")' dynamic-provider "$@"
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

import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { cached, keyOf } from "../build/cache";
import type { Say } from "../build/progress";
import { must } from "../run-program";
import { ensureMirror } from "../packages/main";
import { ensureAddon, isBuilt } from "./addon";
import { argocdAddon } from "./argocd/addon";
import { type AddonName, addonNames } from "./names";
import { tailscaleAddon } from "./tailscale/addon";
import { whyNoTimeFor } from "./time-left";

const addons = { argocd: argocdAddon, tailscale: tailscaleAddon } satisfies Record<AddonName, unknown>;

const onStandardError: Say = (line) => void process.stderr.write(`${line}\n`);

/**
 * Like `ensureMirror`, with the images, charts and packages of add-ons. Each add-on is a separate artefact, because it takes long
 * to build and most clusters don't need it; what mirrors have in common is on the disk once.
 */
export async function ensureMirrorWith(names: readonly AddonName[], say: Say = onStandardError): Promise<string> {
  const plain = await ensureMirror(say);
  const wanted = addonNames.filter((name) => names.includes(name));
  if (wanted.length === 0) return plain;
  const parts: string[] = [];
  for (const name of wanted) parts.push(await ensureAddon(name, addons[name], say));
  const key = keyOf({ parts: [plain, ...parts].map((part) => path.basename(part)) }, []);
  return cached(`mirror-${wanted.join("-")}`, key, (root) => compose(root, [plain, ...parts]));
}

/** Why tests with an add-on can't run here; `undefined` where they can. */
export function whyNoAddon(name: AddonName): string | undefined {
  const addon = addons[name];
  return isBuilt(addon) ? undefined : whyNoTimeFor(addon.title, addon.minutes);
}

/** Folders with the contents of all parts, and one index of each kind. */
async function compose(root: string, parts: readonly string[]): Promise<void> {
  for (const part of parts) await must("composing the mirror", "cp", ["-aln", `${part}/.`, root]);
  const read = (name: string) => parts.map((part) => yaml.load(fs.readFileSync(path.join(part, name), "utf8")));
  const write = (name: string, content: string) => {
    // It shares its content with a part's own.
    fs.rmSync(path.join(root, name));
    fs.writeFileSync(path.join(root, name), content);
  };
  const [registry, charts] = ["registry/index.json", "charts/index.yaml"] as const;
  const layouts = read(registry) as { manifests: object[] }[];
  write(registry, JSON.stringify({ ...layouts[0], manifests: layouts.flatMap(({ manifests }) => manifests) }));
  const indexes = read(charts) as { entries: object }[];
  const entries = Object.assign({}, ...indexes.map((index) => index.entries)) as object;
  write(charts, yaml.dump({ ...indexes[0], entries }, { lineWidth: -1, sortKeys: true }));
}

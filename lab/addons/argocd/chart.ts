import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";

/** What the lab's chart is packed under: the pin of charts/argo-cd, of which it takes the place. */
export interface ChartIdentity {
  readonly name: string;
  readonly version: string;
}

interface KubernetesObject {
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  data?: Record<string, string>;
}

/** ConfigMaps that values reach, by the name of the value under `configs`, as in the upstream chart. */
const configurable: Readonly<Record<string, string>> = { cm: "argocd-cm", params: "argocd-cmd-params-cm" };

/** Has the SSH keys of servers; `configs.ssh.extraHosts` adds lines to it, as in the upstream chart. */
const knownHosts = "argocd-ssh-known-hosts-cm";

/** Left out: what the program's values switch off, and the Secret that the program owns. */
const leftOut = /^argocd-(dex|notifications|secret$)/;

/** Kept when the chart is uninstalled, as upstream's chart does with `crds.keep`. */
const keep = { "helm.sh/resource-policy": "keep" };

/**
 * A chart made from Argo CD's own manifests/install.yaml, because the upstream chart is in no package registry. Of its values it
 * has `configs.cm`, `configs.params` and `configs.ssh.extraHosts`; all others are without effect.
 *
 * @param images image to use in place of another, by the name without a tag
 */
export function writeArgocdChart(
  folder: string,
  installYaml: string,
  identity: ChartIdentity & { readonly appVersion: string },
  images: Readonly<Record<string, string>>,
): void {
  const objects = (yaml.loadAll(withImages(installYaml, images)) as (KubernetesObject | null)[])
    .filter((object): object is KubernetesObject => object !== null)
    .filter(({ metadata }) => !leftOut.test(metadata.name));
  const isConfigurable = ({ kind, metadata }: KubernetesObject) =>
    kind === "ConfigMap" && [...Object.values(configurable), knownHosts].includes(metadata.name);
  const fixed = objects.filter((object) => !isConfigurable(object)).map(withPolicy);

  const write = (name: string, text: string) => {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  };
  write("Chart.yaml", yaml.dump({ apiVersion: "v2", ...identity }));
  write("values.yaml", yaml.dump({ configs: { cm: {}, params: {}, ssh: { extraHosts: "" } } }));
  // Read as a file: a template would take the braces in the CRDs' descriptions for its own.
  write("files/objects.yaml", fixed.map((object) => yaml.dump(object, { lineWidth: -1 })).join("---\n"));
  write("templates/objects.yaml", '{{ .Files.Get "files/objects.yaml" }}\n');
  const writeMap = (name: string, data: string) => {
    const map = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name);
    if (!map) throw new Error(`Argo CD's manifests have no ConfigMap ${name}`);
    write(`files/${name}.json`, JSON.stringify(map.data ?? {}));
    write(`templates/${name}.yaml`, configMap(map, data));
  };
  for (const [value, name] of Object.entries(configurable)) writeMap(name, mergedData(value));
  writeMap(knownHosts, EXTENDED_HOSTS);
}

function withImages(text: string, images: Readonly<Record<string, string>>): string {
  return text.replace(/^(\s*(?:- )?image: )(\S+?):\S+$/gm, (line, start: string, name: string) =>
    images[name] === undefined ? line : `${start}${images[name]}`,
  );
}

function withPolicy(object: KubernetesObject): KubernetesObject {
  if (object.kind !== "CustomResourceDefinition") return object;
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, annotations: { ...metadata.annotations, ...keep } } };
}

/** @param data the template's lines under `data`, which has the map's own data as `$own` */
function configMap({ metadata }: KubernetesObject, data: string): string {
  return `${yaml.dump({ apiVersion: "v1", kind: "ConfigMap", metadata })}data:
  {{- $own := .Files.Get "files/${metadata.name}.json" | fromJson }}
${data}`;
}

function mergedData(value: string): string {
  return `  {{- toYaml (mergeOverwrite $own (.Values.configs.${value} | default dict)) | nindent 2 }}
`;
}

const EXTENDED_HOSTS = `  {{- $hosts := printf "%s\\n%s" $own.ssh_known_hosts .Values.configs.ssh.extraHosts }}
  {{- toYaml (dict "ssh_known_hosts" $hosts) | nindent 2 }}
`;

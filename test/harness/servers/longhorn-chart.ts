import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { dump, load } from "js-yaml";
import { createTarGzip, parseTarGzip } from "nanotar";
import { type Found, pinsIn } from "../../../cli/charts/sources";
import { definitionOf } from "../api/custom-kind";
import { CHECKOUT } from "../stacks/lab-settings";
import { upstreamChart } from "./upstream-chart";

/** Longhorn's packaged chart, and which one it is. */
export interface LonghornChart {
  file: string;
  /** Its own of the pinned version; else one of ours with the same contract. */
  real: boolean;
  version: string;
}

/**
 * Longhorn's own chart of the pinned version, where the folder CHARTS has it or its repository can be reached; else a small one. What is
 * made is written to the folder, and the test's output says which it is.
 */
export async function longhornChart(
  folder: string,
  fetch: typeof upstreamChart = upstreamChart,
): Promise<LonghornChart> {
  const pin = pinsIn(path.join(CHECKOUT, "charts")).find(({ name }) => name === "longhorn");
  if (!pin) throw new Error("charts/longhorn pins no chart longhorn");
  const { version } = pin;
  const found = givenChart(version) ?? (await fetch(pin, folder));
  if (found.file !== undefined) {
    process.stderr.write(`  Longhorn's own chart ${version}, from ${found.source}\n`);
    return { file: found.file, real: true, version };
  }
  process.stderr.write(
    `  a small chart with the contract of Longhorn's: CHARTS names no folder with longhorn-${version}.tgz, and ${found.problem}\n`,
  );
  const file = path.join(folder, `longhorn-${version}.tgz`);
  await writeFile(
    file,
    await createTarGzip(Object.entries(smallChart(version)).map(([name, data]) => ({ name, data }))),
  );
  return { file, real: false, version };
}

function givenChart(version: string): Found | undefined {
  const given = process.env.CHARTS && path.resolve(process.env.CHARTS, `longhorn-${version}.tgz`);
  return given && existsSync(given) ? { file: given, source: "CHARTS" } : undefined;
}

/** The same chart as one of another version, written to the folder. */
export async function withVersion(chart: LonghornChart, version: string, folder: string): Promise<LonghornChart> {
  const entries = await parseTarGzip(readFileSync(chart.file));
  const files = entries.filter(({ data }) => data !== undefined);
  const changed = files.map(({ name, data, text }) =>
    name === "longhorn/Chart.yaml" ? { name, data: dump({ ...(load(text) as object), version }) } : { name, data },
  );
  const file = path.join(folder, `longhorn-${version}.tgz`);
  await writeFile(file, await createTarGzip(changed));
  return { ...chart, file, version };
}

function smallChart(version: string): Record<string, string> {
  return {
    "longhorn/Chart.yaml": dump({ apiVersion: "v2", name: "longhorn", version }),
    "longhorn/values.yaml": dump({
      global: { tolerations: [], nodeSelector: {} },
      persistence: { defaultClass: true, defaultClassReplicaCount: 3 },
      defaultSettings: { deletingConfirmationFlag: null },
    }),
    "longhorn/templates/crds.yaml": ["Setting", "Node"].map(definition).join("---\n"),
    "longhorn/templates/settings.yaml": SETTINGS,
    "longhorn/templates/manager.yaml": MANAGER,
    "longhorn/templates/uninstall-job.yaml": UNINSTALL_JOB,
  };
}

function definition(kind: string): string {
  return dump(definitionOf({ group: "longhorn.io", version: "v1beta2", kind, scope: "Namespaced" }));
}

const SETTINGS = `apiVersion: v1
kind: ConfigMap
metadata:
  name: longhorn-default-setting
data:
  default-setting.yaml: |-
    deleting-confirmation-flag: {{ .Values.defaultSettings.deletingConfirmationFlag }}
    default-data-path: {{ .Values.defaultSettings.defaultDataPath | quote }}
    default-replica-count: {{ .Values.defaultSettings.defaultReplicaCount | quote }}
    create-default-disk-labeled-nodes: {{ .Values.defaultSettings.createDefaultDiskLabeledNodes }}
    taint-toleration: {{ .Values.defaultSettings.taintToleration | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: longhorn-storageclass
data:
  storageclass.yaml: |
    apiVersion: storage.k8s.io/v1
    kind: StorageClass
    metadata:
      name: longhorn
      annotations:
        storageclass.kubernetes.io/is-default-class: {{ .Values.persistence.defaultClass | quote }}
    provisioner: driver.longhorn.io
    parameters:
      numberOfReplicas: {{ .Values.persistence.defaultClassReplicaCount | quote }}
`;

const PLACE = `      nodeSelector: {{ toYaml .Values.global.nodeSelector | nindent 8 }}
      tolerations: {{ toYaml .Values.global.tolerations | nindent 8 }}
`;

const MANAGER = `apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: longhorn-manager
spec:
  selector: { matchLabels: { app: longhorn-manager } }
  template:
    metadata: { labels: { app: longhorn-manager } }
    spec:
${PLACE}      containers:
        - { name: longhorn-manager, image: manager, securityContext: { privileged: true } }
`;

const UNINSTALL_JOB = `apiVersion: batch/v1
kind: Job
metadata:
  name: longhorn-uninstall
  annotations:
    helm.sh/hook: pre-delete
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  activeDeadlineSeconds: 900
  backoffLimit: 1
  template:
    spec:
      restartPolicy: Never
${PLACE}      containers:
        - { name: longhorn-uninstall, image: manager }
`;

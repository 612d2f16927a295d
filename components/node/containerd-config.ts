/** containerd's configuration files, as text. Pure. */

export const CONFIG_FILE = "/etc/containerd/config.toml";
export const REGISTRIES_FOLDER = "/etc/containerd/certs.d";
/** Where others add to it, as NVIDIA's toolkit does. */
export const IMPORTS_FOLDER = "/etc/containerd/conf.d";
export const HEADER = "# Written by homelab; changes made here are undone.";

/** Placeholders for what is decided on the host: `true` or `false`. */
export const SYSTEMD_CGROUP = "@systemd_cgroup@";
export const RESTRICT_OOM = "@restrict_oom_score_adj@";

export interface ContainerdSettings {
  /** Image of a pod's sandbox. */
  sandboxImage: string;
  /** Addresses to pull from instead, in this order, by registry. */
  mirrors: Readonly<Record<string, readonly string[]>>;
  /** Runtimes beside runc, by name. */
  runtimes?: Readonly<Record<string, { type: string; binary?: string }>>;
  /** Runtime of pods that name none; left out: runc, or what a file of others says. */
  defaultRuntime?: string;
}

/** Tables of the configuration, as containerd 2.x names them. */
const IMAGES = "plugins.'io.containerd.cri.v1.images'";
const RUNTIME = "plugins.'io.containerd.cri.v1.runtime'";

/** The type that has a cgroup driver and a program of its own. */
export const RUNC = "io.containerd.runc.v2";

/** config.toml, version 3 (containerd 2.x; the 1.x names under a newer version are ignored without a word). */
export function containerdConfig(settings: ContainerdSettings): string {
  return `${HEADER}
version = 3
imports = ["${IMPORTS_FOLDER}/*.toml"]
disabled_plugins = []

[${IMAGES}]
  snapshotter = "overlayfs"

[${IMAGES}.pinned_images]
  sandbox = ${tomlString(settings.sandboxImage)}

[${IMAGES}.registry]
  config_path = "${REGISTRIES_FOLDER}"

[${RUNTIME}]
  restrict_oom_score_adj = ${RESTRICT_OOM}

[${RUNTIME}.containerd]
  default_runtime_name = ${tomlString(settings.defaultRuntime ?? "runc")}

[${RUNTIME}.containerd.runtimes.runc]
  runtime_type = "${RUNC}"
  sandboxer = "podsandbox"

[${RUNTIME}.containerd.runtimes.runc.options]
  SystemdCgroup = ${SYSTEMD_CGROUP}
${runtimesOf(settings).map(runtimeTables).join("")}`;
}

type Runtime = { name: string; type: string; binary?: string };

function runtimesOf({ runtimes = {} }: ContainerdSettings): Runtime[] {
  return Object.keys(runtimes)
    .sort()
    .map((name) => {
      if (!/^[a-z0-9-]+$/.test(name)) throw new Error(`'${name}' is no name of a runtime`);
      return { name, type: "", ...runtimes[name] };
    });
}

function runtimeTables({ name, type, binary }: Runtime): string {
  const table = `\n[${RUNTIME}.containerd.runtimes.${name}]\n  runtime_type = ${tomlString(type)}\n`;
  if (type !== RUNC) return table;
  const program = binary === undefined ? "" : `  BinaryName = ${tomlString(binary)}\n`;
  return `${table}\n[${RUNTIME}.containerd.runtimes.${name}.options]\n${program}  SystemdCgroup = ${SYSTEMD_CGROUP}\n`;
}

/** What must be in effect, as `table/name` without quotes, and the value without quotes. */
export function effectiveValues(settings: ContainerdSettings): [name: string, value: string][] {
  const images = IMAGES.replaceAll("'", "");
  const runtime = RUNTIME.replaceAll("'", "");
  return [
    ["/disabled_plugins", "[]"],
    [`${images}/snapshotter`, "overlayfs"],
    [`${images}.pinned_images/sandbox`, settings.sandboxImage],
    [`${images}.registry/config_path`, REGISTRIES_FOLDER],
    [`${runtime}/restrict_oom_score_adj`, RESTRICT_OOM],
    ...(settings.defaultRuntime === undefined
      ? []
      : [[`${runtime}.containerd/default_runtime_name`, settings.defaultRuntime] as [string, string]]),
    ...runtimesOf(settings).map(({ name, type }): [string, string] => [
      `${runtime}.containerd.runtimes.${name}/runtime_type`,
      type,
    ]),
    [`${runtime}.containerd.runtimes.runc.options/SystemdCgroup`, SYSTEMD_CGROUP],
  ];
}

/** One hosts.toml for each registry that has mirrors; sorted by path. */
export function registryFiles(settings: ContainerdSettings): { path: string; content: string }[] {
  return Object.entries(settings.mirrors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([registry, mirrors]) => {
      if (!/^[A-Za-z0-9.-]+(:[0-9]+)?$/.test(registry)) throw new Error(`'${registry}' is no name of a registry`);
      return { path: `${REGISTRIES_FOLDER}/${registry}/hosts.toml`, content: hostsToml(registry, mirrors) };
    });
}

function hostsToml(registry: string, mirrors: readonly string[]): string {
  // Docker Hub's API is at another name than its images.
  const server = `https://${registry === "docker.io" ? "registry-1.docker.io" : registry}`;
  const hosts = mirrors.map((mirror) => {
    const url = mirror.replace(/\/+$/, "");
    // With a path the address is the whole prefix; without one, containerd adds /v2 itself.
    const override = /\/v2(\/|$)/.test(new URL(url).pathname) ? "  override_path = true\n" : "";
    return `\n[host.${tomlString(url)}]\n  capabilities = ["pull", "resolve"]\n${override}`;
  });
  return `${HEADER}\nserver = ${tomlString(server)}\n${hosts.join("")}`;
}

function tomlString(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value)) throw new Error(`${JSON.stringify(value)} has a control character`);
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

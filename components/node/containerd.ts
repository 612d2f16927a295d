import { type ExpectedFact, expectedFile } from "../../providers/host/facts/expected";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import { hereDocument, quote, quoteAll } from "../../providers/host/shell/quote";
import { installPackages, packagesExpected } from "./apt-repository";
import {
  CONFIG_FILE,
  containerdConfig,
  effectiveValues,
  HEADER,
  REGISTRIES_FOLDER,
  registryFiles,
  RESTRICT_OOM,
  SYSTEMD_CGROUP,
} from "./containerd-config";
import { proxyEnvironment } from "./proxy";
import type { NodeSteps, Step, StepArgs } from "./step";

const UNIT = "containerd.service";
/** Where it keeps images and containers, and looks for plugins. */
const DATA_FOLDERS = ["/var/lib/containerd", "/opt/containerd"] as const;
const PROXY_FILE = "/etc/systemd/system/containerd.service.d/homelab-proxy.conf";

/** containerd makes it at its start; others' network plugins may have files in it. */
const PLUGIN_CONFIG_FOLDER = "/etc/cni/net.d";

function packagesOf({ repositories, containerdVersion: version }: NodeSteps): AptPackages {
  return {
    ...{ ...repositories.docker, name: "docker", keyPath: "gpg", suite: " {codename} stable" },
    packages: [{ name: "containerd.io", version, replaces: ["containerd", "runc"] }],
  };
}

/** containerd: exactly this version, its whole configuration, running, and with that configuration in effect. */
export const containerd: Step = {
  name: "containerd",
  online: true,
  packages: packagesOf,

  commands(args) {
    // What is remembered comes before the package, which brings a configuration of its own and starts the unit.
    return `refuse_second_containerd
remember_unit ${UNIT}
remember_file ${CONFIG_FILE}
remember_data ${quoteAll(DATA_FOLDERS)}
remember_folders ${PLUGIN_CONFIG_FOLDER}
${installPackages(packagesOf(args), args.accepted)}
${DECIDE_ON_HOST}
${configure(args)}
${START}
${verify(args)}`;
  },

  effects: (changed) =>
    ["package containerd.io", `file ${CONFIG_FILE}`, `file ${PROXY_FILE}`].some((fact) => changed.has(fact))
      ? ["containerd restarts; running containers go on"]
      : [],

  expected(args) {
    const proxy = proxyUnit(proxyEnvironment(args.proxy));
    return [
      ...packagesExpected(packagesOf(args)),
      { kind: "file", key: CONFIG_FILE },
      ...registryFiles(args.containerd).map(({ path, content }) => expectedFile(path, content)),
      ...(proxy === undefined ? [] : [expectedFile(PROXY_FILE, proxy)]),
      { kind: "unit-enabled", key: UNIT, value: "enabled" },
      { kind: "unit-active", key: UNIT, value: "active" },
      ...effectiveValues(args.containerd)
        .filter(([, value]) => value !== SYSTEMD_CGROUP && value !== RESTRICT_OOM)
        .map(([key, value]): ExpectedFact => ({ kind: "containerd", key, value })),
    ];
  },
};

// runc can't lower a container's oom_score_adj without CAP_SYS_RESOURCE (bit 24), as in many a container.
const DECIDE_ON_HOST = `systemd_cgroup=false restrict_oom_score_adj=false
[ "$(cgroup_version)" != 2 ] || systemd_cgroup=true
bounding=$(awk '$1 == "CapBnd:" { print $2 }' /proc/self/status)
((0x$bounding >> 24 & 1)) || restrict_oom_score_adj=true
decided() { sed -e "s/${SYSTEMD_CGROUP}/$systemd_cgroup/" -e "s/${RESTRICT_OOM}/$restrict_oom_score_adj/"; }`;

/** Writes the files. What is read at start alone is noted in `restart` before it is replaced: a cut run is made up for. */
function configure(args: StepArgs): string {
  const registries = registryFiles(args.containerd);
  const proxy = proxyUnit(proxyEnvironment(args.proxy));
  return `restart=/var/lib/homelab/containerd-restart
mkdir -p /var/lib/homelab
needs_restart() {
  cmp -s -- "$1" "$2" || touch "$restart"
}
cat >/run/homelab-containerd.toml ${hereDocument(containerdConfig(args.containerd))}
decided </run/homelab-containerd.toml >/run/homelab-containerd.decided
needs_restart /run/homelab-containerd.decided ${CONFIG_FILE}
write_file ${CONFIG_FILE} 644 </run/homelab-containerd.decided
rm -f /run/homelab-containerd.*
${registries.map(({ path, content }) => `write_file ${path} 644 ${hereDocument(content)}`).join("\n")}
wanted=${quote(` ${registries.map(({ path }) => path).join(" ")} `)}
for file in ${REGISTRIES_FOLDER}/*/hosts.toml; do
  case $wanted in *" $file "*) continue ;; esac
  [ ! -f "$file" ] || [ "$(head -n 1 "$file")" != ${quote(HEADER)} ] || remove_file "$file"
done
${
  proxy === undefined
    ? `if [ -e ${PROXY_FILE} ]; then
  touch "$restart"
  remove_file ${PROXY_FILE}
  systemctl daemon-reload
fi`
    : `if ! cmp -s ${PROXY_FILE} - ${hereDocument(proxy)}
then
  touch "$restart"
  write_file ${PROXY_FILE} 644 ${hereDocument(proxy)}
  systemctl daemon-reload
fi`
}`;
}

const START = `enable_unit ${UNIT}
if [ -e "$restart" ] || [ "$(observe_unit_active ${UNIT})" != active ] || ! runs_packaged_containerd; then
  # systemd starts nothing more for a while that failed often; what made it fail may just have been fixed.
  systemctl reset-failed ${UNIT} 2>/dev/null || true
  systemctl restart ${UNIT} >/dev/null 2>&1 || true
  [ "$(observe_unit_active ${UNIT})" = active ] || die "containerd does not start" "see 'journalctl -u containerd' on the host"
  rm -f "$restart"
  echo "restarted containerd"
fi`;

function verify(args: StepArgs): string {
  const checks = effectiveValues(args.containerd).map(([name, value]) => {
    const wanted =
      value === SYSTEMD_CGROUP
        ? '"$systemd_cgroup"'
        : value === RESTRICT_OOM
          ? '"$restrict_oom_score_adj"'
          : quote(value);
    return `in_effect ${quote(name)} ${wanted}`;
  });
  return `verify_containerd ${quote(args.containerdVersion)}
containerd_dump=$("$packaged_containerd" config dump 2>/dev/null) || die "containerd does not accept ${CONFIG_FILE}" "see 'containerd config dump' on the host"
in_effect() {
  [ "$(observe_containerd "$1")" = "$2" ] || die "containerd's $1 should be '$2' and is '$(observe_containerd "$1")'" "look for other files that set it, in 'containerd config dump' under imports"
}
${checks.join("\n")}
runtimes_in_effect "$systemd_cgroup"
/usr/bin/ctr plugins ls 2>/dev/null | awk '$1 == "io.containerd.grpc.v1" && $2 == "cri" && $NF == "ok" { ok = 1 } END { exit !ok }' || die "containerd runs without its Kubernetes part (cri)" "see 'ctr plugins ls' and 'journalctl -u containerd' on the host"`;
}

/** The environment of containerd's service: it pulls the images. */
function proxyUnit(proxy: Readonly<Record<string, string>>): string | undefined {
  const lines = Object.keys(proxy)
    .sort()
    .map((name) => `Environment="${name}=${(proxy[name] ?? "").replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}"`);
  return lines.length === 0 ? undefined : `${HEADER}\n[Service]\n${lines.join("\n")}\n`;
}

import { type InspectedHost, type Problem, some, words } from "./hosts";

/** What of a host's own containerd forbids any change. */
export function containerdProblems(host: InspectedHost): Problem[] {
  return [second, runtimes, programs].flatMap((rule) => rule(host));
}

function second({ report: { facts } }: InspectedHost): Problem[] {
  const [unit = "", program = ""] = (facts.secondContainerd ?? "").split("|");
  if (unit === "") return [];
  return [
    {
      name: "containerd-second",
      problem: `another containerd is there: ${unit} starts ${program}`,
      action: "remove it: 'sudo systemctl disable --now containerd', then that unit and its programs",
    },
  ];
}

function runtimes({ expected, report: { facts } }: InspectedHost): Problem[] {
  const known = (expected?.runtimes ?? []).map(({ name }) => name);
  const gone = words(facts.replacedRuntimes).filter((name) => !known.includes(name));
  if (gone.length === 0) return [];
  return [
    {
      name: "containerd-runtimes",
      problem: `/etc/containerd/config.toml is replaced, and with it ${some(gone)}`,
      action: "add runtimes to containerd.runtimes in the settings, or move them to a file in /etc/containerd/conf.d",
    },
  ];
}

function programs({ report: { facts } }: InspectedHost): Problem[] {
  const missing = words(facts.missingPrograms);
  if (missing.length === 0) return [];
  return [
    {
      name: "runtime-program",
      problem: `there is no program ${some(missing)}, which containerd.runtimes names`,
      action: "install the package that brings it, or correct the setting",
    },
  ];
}

import { type InspectedHost, type Problem, some, words } from "./hosts";

/** What of apt's state, and of what apt would do, forbids any change. */
export function aptProblems(host: InspectedHost): Problem[] {
  return [unreadable, sources, interrupted, losses].flatMap((rule) => rule(host));
}

function unreadable({ report: { facts } }: InspectedHost): Problem[] {
  return Object.entries(facts)
    .filter(([name]) => name.startsWith("aptUnreadable "))
    .map(([, text]) => ({
      name: "apt-source-unreadable",
      problem: `apt can't read ${text}`,
      action: "correct or remove that file: until then the host gets no updates either",
    }));
}

function sources({ report: { facts } }: InspectedHost): Problem[] {
  return Object.entries(facts)
    .filter(([name]) => name.startsWith("aptSource "))
    .map(([name, text]) => {
      const [file = "", reason = ""] = text.split("|");
      return {
        name: "apt-source-twice",
        problem: `${file || "another list"} has the repository ${name.replace("aptSource ", "")} too, but ${reason}`,
        action:
          "remove it from that file: a list with the pinned key is written; or, if that key is right, set its fingerprint in homelab:mirrors (apt)",
      };
    });
}

/** What another process is at work on is half done too: then the steps wait, and finish what is left. */
function interrupted({ report }: InspectedHost): Problem[] {
  // What an interrupted run of this program left unfinished, its own steps finish.
  if (report.folder !== "" || report.facts.aptHolder) return [];
  const unfinished = words(report.facts.unfinishedPackages).map((word) => word.split(":").slice(1).join(":"));
  if (unfinished.length > 0) {
    const damaged = words(report.facts.unfinishedPackages).some((word) => /^(reinstreq|half-installed):/.test(word));
    return [
      {
        name: "dpkg-interrupted",
        problem: `dpkg was interrupted: ${some(unfinished)} ${unfinished.length === 1 ? "is" : "are"} half installed`,
        action: `'sudo dpkg --configure -a'${damaged ? ` and 'sudo apt-get install --reinstall ${unfinished.slice(0, 5).join(" ")}'` : ""}; 'sudo dpkg --audit' must then print nothing`,
      },
    ];
  }
  if (!report.facts.aptProblem) return [];
  return [
    {
      name: "apt-broken",
      problem: `apt can install nothing: ${report.facts.aptProblem}`,
      action: "'sudo apt-get --fix-broken install' on the host, or remove what it names",
    },
  ];
}

function losses({ report: { facts } }: InspectedHost): Problem[] {
  const lost = words(facts.aptLosses).map((word) => word.split("|"));
  const removed = lost.filter(([kind]) => kind === "removed").map(([, name, version]) => `${name} ${version}`);
  const downgraded = lost
    .filter(([kind]) => kind === "downgraded")
    .map(([, name, version, to]) => `${name} from ${version} to ${to}`);
  const problems: Problem[] = [];
  if (removed.length > 0) {
    problems.push({
      name: "docker-removed",
      problem: `installing what a node needs removes ${some(removed)}`,
      action: "what runs with them ends: move it elsewhere and remove them",
    });
  }
  if (downgraded.length > 0) {
    problems.push({
      name: "package-downgraded",
      problem: `installing what a node needs downgrades ${some(downgraded)}`,
      action: "remove the newer package, with what uses it",
    });
  }
  return problems;
}

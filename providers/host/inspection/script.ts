import { type AptPackages, aptQuestions } from "./apt-packages";
import { readShell } from "../shell/library";
import { carriedLibrary } from "../shell/script";
import { quote } from "../shell/quote";

/** Kernel modules without which a node can't work: those of the steps, and the one of Cilium's tunnel. */
export const NEEDED_MODULES = ["br_netfilter", "overlay", "vxlan"] as const;

interface InspectionScriptOptions {
  /** Print as well what tells whether the host can be prepared: memory, ports, name resolution, and so on. */
  preflight?: boolean;
  /** With `preflight`: print as well what installing these would do. */
  packages?: readonly AptPackages[];
  /** Where the steps' expected state is, if not where the steps write it. */
  expectedFolder?: string;
}

/** The script that prints a host's facts; see `inspect.sh`. It carries the library: the host may have none, or another one. */
export function inspectionScript(marker: string, options: InspectionScriptOptions = {}): string {
  const { preflight = false, packages = [], expectedFolder } = options;
  return [
    "set -u",
    `host=$(uname -n) step=inspection marker=${quote(marker)}`,
    ...carriedLibrary(),
    ...(expectedFolder === undefined ? [] : [`expected=${quote(expectedFolder)}`]),
    readShell(__dirname, "inspect.sh").trimEnd(),
    ...(preflight
      ? [`needed_modules=${quote(NEEDED_MODULES.join(" "))}`, readShell(__dirname, "preflight-facts.sh").trimEnd()]
      : []),
    ...(preflight
      ? [readShell(__dirname, "apt-facts.sh").trimEnd(), `wanted_of_apt() {\n${aptQuestions(packages) || ":"}\n}`]
      : []),
    `main() { facts; certificates; ${preflight ? "preflight_facts; apt_facts; " : ""}expected_state; say end; }`,
    "main </dev/null",
    "",
  ].join("\n");
}

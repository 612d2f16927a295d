import { questions, type Wanted } from "./wanted";
import { readShell } from "../shell/library";
import { carriedLibrary } from "../shell/script";
import { quote } from "../shell/quote";

const PREFLIGHT_FACTS = ["firewall.sh", "preflight-facts.sh", "apt-facts.sh", "containerd-facts.sh"] as const;

interface InspectionScriptOptions {
  /** Print as well what tells whether the host can be prepared: memory, ports, name resolution, and so on. */
  preflight?: boolean;
  /** With `preflight`: print as well what bringing this to the host would do. */
  wanted?: Wanted;
  /** Where the steps' expected state is, if not where the steps write it. */
  expectedFolder?: string;
}

/** The script that prints a host's facts; see `inspect.sh`. It carries the library: the host may have none, or another one. */
export function inspectionScript(marker: string, options: InspectionScriptOptions = {}): string {
  const { preflight = false, wanted = { packages: [] }, expectedFolder } = options;
  return [
    "set -u",
    `host=$(uname -n) step=inspection marker=${quote(marker)}`,
    ...carriedLibrary(),
    ...(expectedFolder === undefined ? [] : [`expected=${quote(expectedFolder)}`]),
    readShell(__dirname, "inspect.sh").trimEnd(),
    ...(preflight ? [questions(wanted), ...PREFLIGHT_FACTS.map((file) => readShell(__dirname, file).trimEnd())] : []),
    `main() { facts; certificates; ${preflight ? "preflight_facts; apt_facts; containerd_facts; " : ""}expected_state; say end; }`,
    "main </dev/null",
    "",
  ].join("\n");
}

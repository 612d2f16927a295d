import { randomBytes } from "node:crypto";
import execa from "execa";

/**
 * Counts TCP connections that this workstation opens to some addresses, in the kernel, while something is done: of every process.
 *
 * @param to as iptables matches them: `-d 10.0.0.0/24`, with more options as further elements
 */
export async function connectionsTo(to: string[][], act: () => Promise<unknown>): Promise<number> {
  const chain = `count-${randomBytes(6).toString("hex")}`;
  await iptables("-N", chain);
  try {
    for (const match of to) await iptables("-A", chain, "-p", "tcp", "--syn", ...match);
    await iptables("-I", "OUTPUT", "-j", chain);
    await act();
    const listed = await iptables("-L", chain, "-v", "-x", "-n");
    // Two lines of headings; each rule begins with its number of packets.
    const counts = listed
      .trim()
      .split("\n")
      .slice(2)
      .map((line) => Number(line.trim().split(/\s+/)[0]));
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    await iptables("-D", "OUTPUT", "-j", chain).catch(() => undefined);
    await iptables("-F", chain);
    await iptables("-X", chain);
  }
}

async function iptables(...args: string[]): Promise<string> {
  return (await execa("iptables", ["--wait", ...args], { stdin: "ignore" })).stdout;
}

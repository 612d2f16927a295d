import { type Problem, valueAt } from "../problems";
import { bastionOf, loginIn, sshMapping, waysIn } from "../login";
import type { View } from "../view";

/** How hosts are reached is a matter of metal; the machines that the program makes get a user and keys of their own. */
export function sshProblems(view: View): Problem[] {
  const ssh = sshMapping(valueAt(view.raw, ["ssh"]));
  if (view.kind === "nspawn" || view.kind === "multipass") {
    return Object.keys(ssh).map((name) => ({
      path: ["ssh", name],
      message: `is for existing hosts (kind metal); machines of kind ${view.kind} get a user and keys from the program`,
    }));
  }
  if (view.kind !== "metal") return [];
  return [...levelProblems(["ssh"], ssh), ...view.nodes.flatMap((node) => hostProblems(node, ssh))];
}

function hostProblems({ path: node, raw }: View["nodes"][number], shared: Record<string, unknown>): Problem[] {
  const path = [...node, "ssh"];
  const own = sshMapping(raw.ssh);
  const problems = levelProblems(path, own);
  if (own.user === undefined && shared.user === undefined) {
    problems.push({ path: [...path, "user"], message: "is required, here or under ssh.user" });
  }
  const login = loginIn(own) ?? loginIn(shared);
  if (waysIn(login ?? {}).length > 0) return problems;
  // A bastion's own login doesn't open the host behind it.
  const message =
    "has no key to log in with: set ssh.agent, ssh.privateKey or ssh.privateKeyPath, here or for all hosts";
  return [...problems, { path, message }];
}

/** What is wrong with one mapping's login, and with its bastion's. */
function levelProblems(path: PropertyKey[], ssh: Record<string, unknown>): Problem[] {
  const bastion = bastionOf(ssh);
  return [...twoWays(path, ssh), ...(bastion ? twoWays([...path, "bastion"], bastion) : [])];
}

function twoWays(path: PropertyKey[], ssh: Record<string, unknown>): Problem[] {
  const [first, ...others] = waysIn(ssh);
  const problems = others.map((name) => ({
    path: [...path, name],
    message: `stands beside ${String(first)}; choose one of the two ways to log in`,
  }));
  if (ssh.publicKey !== undefined && ssh.agent === false) {
    problems.push({ path: [...path, "publicKey"], message: "is a key of the agent, and agent is false" });
  }
  return problems;
}

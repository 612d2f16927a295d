import * as path from "node:path";
import { ensureAllBinaries } from "../lab/build/binaries";
import { Failure } from "../lab/run-program";
import { nextSteps } from "./advice";
import { type Called, runCommand } from "./command-line";
import { recoverFromKilledRun } from "./killed-run";
import { allReady, clusterNodes, nodesTable } from "./nodes-table";
import { findProgram } from "./programs";
import { say } from "./progress";
import { ensureStack, operate, protectedResources, stackExists, stackOutput } from "./pulumi";
import { setUp } from "./setup";
import type { Stack } from "./stack";

/** Said once, before the first machine is made. */
const LAB_IS_ROOT = `  Note: root in a machine of the lab, or in a privileged pod there, can become root on this workstation: run nothing there that you
  wouldn't run here as root (docs/security.md)`;

/** `make up`: everything from an empty checkout to a cluster whose nodes are Ready. */
async function up({ stack: wanted }: Called): Promise<void> {
  const { stack } = await setUp({ wanted, forPlan: true });
  await recoverFromKilledRun(stack.name);
  if (stack.machineKind === "nspawn" && !(await stackExists(stack.name))) say(LAB_IS_ROOT);
  await ensureStack(stack.name);
  await operate(
    {
      command: "up",
      title: "cluster",
      action: "What is done stays done. Fix what is said above, then run `make up` again: it goes on from there.",
      untouched: "Nothing was changed. Fix what is said above, then run `make up` again.",
    },
    stack.name,
  );
  const nodes = await clusterNodes(await stackOutput<string>(stack.name, "kubeconfig"));
  process.stdout.write(`\n${nodesTable(nodes).join("\n")}\n`);
  if (!allReady(nodes))
    throw new Failure("not every node is Ready", "Run `make nodes` in a minute, or `make up` again.");
  const isProtected = stack.machineKind === "metal" && (await protectedResources(stack.name)).length > 0;
  say(nextSteps({ stack: wanted, kubectl: await kubectl(stack), isProtected }));
}

/** How kubectl is called: the user's own, else, for the lab, the one that was built for its machines. */
async function kubectl(stack: Stack): Promise<string> {
  if (findProgram("kubectl") || stack.machineKind !== "nspawn") return "kubectl";
  return path.join((await ensureAllBinaries(["kubernetes"])).kubernetes, "kubectl");
}

void runCommand("up", up);

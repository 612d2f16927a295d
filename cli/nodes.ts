import { runCommand } from "./command-line";
import { clusterNodes, nodesTable } from "./nodes-table";
import { stackOutput } from "./pulumi";
import { setUp } from "./setup";

/** `make nodes`: the table at the end of `make up`. */
void runCommand("nodes", async ({ stack: wanted }) => {
  const { stack } = await setUp({ wanted, quiet: true });
  const found = await clusterNodes(await stackOutput<string>(stack.name, "kubeconfig"));
  process.stdout.write(nodesTable(found).join("\n") + "\n");
});

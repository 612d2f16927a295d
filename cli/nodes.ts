import { main } from "./failure";
import { clusterNodes, nodesTable } from "./nodes-table";
import { stackOutput } from "./pulumi";
import { setUp } from "./setup";

/** `make nodes`: the table at the end of `make up`. */
async function nodes(): Promise<void> {
  const { stack } = await setUp({ quiet: true });
  const found = await clusterNodes(await stackOutput<string>(stack.name, "kubeconfig"));
  process.stdout.write(nodesTable(found).join("\n") + "\n");
}

void main(nodes);

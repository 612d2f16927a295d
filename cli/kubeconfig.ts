import { runCommand } from "./command-line";
import { stackOutput } from "./pulumi";
import { setUp } from "./setup";

/** `make kubeconfig`: prints the secret on standard output, and writes it nowhere. */
void runCommand("kubeconfig", async ({ stack: wanted }) => {
  const { stack } = await setUp({ wanted, quiet: true });
  process.stdout.write((await stackOutput<string>(stack.name, "kubeconfig")).trimEnd() + "\n");
});

import { main } from "./failure";
import { stackOutput } from "./pulumi";
import { setUp } from "./setup";

/** `make kubeconfig`: prints the secret on standard output, and writes it nowhere. */
async function kubeconfig(): Promise<void> {
  const { stack } = await setUp({ quiet: true });
  process.stdout.write((await stackOutput<string>(stack.name, "kubeconfig")).trimEnd() + "\n");
}

void main(kubeconfig);

import { attached } from "./command";
import { main } from "./failure";
import { startMirror } from "./mirror";
import { ensureStack } from "./pulumi";
import { setUp } from "./setup";

/** `make preview`: what `make up` would change, with the lines that differ. Changes nothing. */
async function preview(): Promise<void> {
  const { stack } = await setUp({ hostKeys: true });
  await startMirror(stack);
  await ensureStack(stack.name);
  process.exitCode = await attached("pulumi", ["preview", "--diff", "--stack", stack.name]);
}

void main(preview);

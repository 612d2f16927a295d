import { runCommand } from "./command-line";
import { attached } from "./programs";
import { ensureStack } from "./pulumi";
import { setUp } from "./setup";

/** `make preview`: what `make up` would change, with the lines that differ. Changes nothing. */
void runCommand("preview", async ({ stack: wanted }) => {
  const { stack } = await setUp({ wanted, forPlan: true });
  await ensureStack(stack.name);
  return attached("pulumi", ["preview", "--diff", "--stack", stack.name]);
});

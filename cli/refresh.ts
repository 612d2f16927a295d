import { runCommand } from "./command-line";
import { recoverFromKilledRun } from "./killed-run";
import { operate } from "./pulumi";
import { setUp } from "./setup";

/** `make refresh`: reads the facts of each host once, and records what differs; `make up` then fixes it. */
void runCommand("refresh", async ({ stack: wanted }) => {
  const { stack } = await setUp({ wanted });
  await recoverFromKilledRun(stack.name);
  await operate(
    {
      command: "refresh",
      title: "refresh",
      action: "What could be read is recorded. Fix what is said above, then run `make refresh` again.",
    },
    stack.name,
  );
});

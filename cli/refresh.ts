import { main } from "./failure";
import { operate } from "./pulumi";
import { setUp } from "./setup";
import { recoverFromKilledRun } from "./killed-run";

/** `make refresh`: looks at every machine once, and records what differs; `make up` then puts it right. */
async function refresh(): Promise<void> {
  const { stack } = await setUp();
  await recoverFromKilledRun(stack.name);
  await operate(
    {
      command: "refresh",
      title: "refresh",
      advice: "What could be read is recorded. Put right what is said above, then run `make refresh` again.",
    },
    stack.name,
  );
}

void main(refresh);

import { client } from "./client";
import { CommandFailure } from "./failure";

/** The exit code of a defect; the released client never ends with it. */
const DEFECT = 70;

client(process.argv.slice(2), (text) => void process.stdout.write(text)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    const known = error instanceof CommandFailure;
    const message = error instanceof Error ? (known ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = known ? error.exitCode : DEFECT;
  },
);

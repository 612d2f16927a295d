import { Failure } from "../lab/run-program";

/** How the builders of lab/ begin an error that says itself what to do. */
const EXPLAINED = "this computer: ";

/** Runs a command of make; prints its failure and sets the exit code. */
export async function main(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(explain(error));
    process.exitCode = process.exitCode || 1;
  }
}

/** The text of a failure, ending with a line break. */
export function explain(error: unknown): string {
  if (error instanceof Failure) return `\n✗ ${error.message}\n${error.advice ? `\n  ${indent(error.advice)}\n` : ""}`;
  if (error instanceof Error && error.message.startsWith(EXPLAINED)) return `\n✗ ${error.message}\n`;
  return `\n✗ ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`;
}

function indent(text: string): string {
  return text.replace(/\n/g, "\n  ");
}

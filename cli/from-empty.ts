import * as fs from "node:fs";
import { Failure, must } from "../lab/run-program";
import { type Called, runCommand } from "./command-line";
import { fromEmpty } from "./from-empty-settings";
import { places } from "./places";

/** The value that each secret has instead. */
const PLACEHOLDER = "not known in this preview";

/**
 * `npx tsx cli/from-empty.ts STACK`: makes the stack `STACK-from-empty`, with the settings of STACK and an empty state, for a
 * preview that needs no secret, no state and no host. Says on standard output what was replaced. For pull requests of people
 * who may not have the secrets; wants the Pulumi CLI, PULUMI_BACKEND_URL and PULUMI_CONFIG_PASSPHRASE of its own.
 */
async function makeStack({ operands: [stack = ""] }: Called): Promise<void> {
  const file = places.settings(stack);
  if (!stack || !fs.existsSync(file)) throw new Failure(`there is no file Pulumi.${stack}.yaml`);
  for (const variable of ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE"]) {
    if (!process.env[variable])
      throw new Failure(`${variable} is not set`, "This stack is thrown away: give it its own.");
  }
  const { text, secrets, madeUp } = fromEmpty(fs.readFileSync(file, "utf8"));
  const name = `${stack}-from-empty`;
  fs.writeFileSync(places.settings(name), text);
  await must(`making the stack ${name}`, "pulumi", ["stack", "init", "--stack", name]);
  for (const secret of secrets) {
    await must(`replacing ${secret}`, "pulumi", ["config", "set", "--stack", name, "--secret", "--path", secret], {
      input: PLACEHOLDER,
    });
  }
  process.stdout.write(
    [
      `Preview of \`${stack}\` **from empty**: it knows nothing of a running cluster, so everything shows as created.`,
      ...secrets.map((secret) => `- \`${secret}\`: a placeholder instead of the secret`),
      ...madeUp.map((key) => `- \`${key}\`: made up, because the settings have none`),
    ].join("\n") + "\n",
  );
}

void runCommand("from-empty", makeStack);

import { accessTo, type ClusterAccess } from "../../../checks/access";
import type { Check } from "../../../checks/check";
import type { Finding } from "../../../checks/finding";
import { runChecks } from "../../../checks/run-checks";
import { settingsOf } from "../../../settings/stack-file";
import type { LabStack } from "./lab-stack";

/** What `make check` reaches a stack's cluster by. To be closed by `access.api.close()`. */
export async function clusterAccess(stack: LabStack): Promise<ClusterAccess> {
  const settings = settingsOf({ ...stack.settings });
  const resources = await stack.resources("--show-secrets");
  return accessTo({ name: stack.name, resources, settings }, (args) => stack.cli(args));
}

/** What the checks of `make check` find; by default all of them. */
export async function findings(stack: LabStack, checks?: readonly Check[]): Promise<Finding[]> {
  const access = await clusterAccess(stack);
  try {
    return await runChecks(access, { checks });
  } finally {
    access.api.close();
  }
}

/** What is not as it should be, or soon won't be. */
export async function faults(stack: LabStack, checks?: readonly Check[]): Promise<Finding[]> {
  return (await findings(stack, checks)).filter(({ status }) => status === "failed" || status === "warning");
}

import * as pulumi from "@pulumi/pulumi";

type Answer = (error: Error | null, answer: object) => void;

/** Pulumi's mocks say that they take hooks, and have no method for it. To be called after `setMocks`. */
export function takeHooks(): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResourceHook?: unknown };
  monitor.registerResourceHook = (_request: unknown, answer: Answer) => answer(null, {});
}

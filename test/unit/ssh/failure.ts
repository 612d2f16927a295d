import { HostError } from "../../../providers/host/ssh/errors";

/** The HostError that a promise ends with; anything else fails the test. */
export async function failure(promise: Promise<unknown>): Promise<HostError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HostError)) throw new Error(`not a HostError: ${String(error)}`);
  return error;
}

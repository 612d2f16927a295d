import { warn } from "../warn";
import { TailnetError } from "./errors";

/**
 * Work in the tailnet that nothing else may hang on: neither the end of `destroy` nor what else a `refresh` finds. Where the
 * service refuses or can't be reached, a warning takes its place.
 *
 * @param doing what is skipped then.
 * @param otherwise the answer then.
 */
export async function unlessRefused<Result>(
  doing: string,
  otherwise: Result,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof TailnetError)) throw error;
    warn(`${doing}: skipped, ${error.message}`);
    return otherwise;
  }
}

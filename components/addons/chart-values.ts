import { z } from "zod";
import { described } from "../../settings/node";

/** Every add-on has them. */
export const chartValues = described(
  "Values of the chart, merged over the program's own",
  z.record(z.string(), z.unknown()),
).prefault({});

import { z } from "zod";
import { described } from "../node";

/** Every add-on has them. */
export const chartValues = described(
  "Values of the chart, merged over the program's own",
  z.record(z.string(), z.unknown()),
).prefault({});

/** The switch of an add-on that is off by default. */
export const off = (what: string) => described(`Install ${what} (not built yet)`, z.boolean()).default(false);

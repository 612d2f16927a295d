import { z } from "zod";
import { chartValues, off } from "./chart-values";

export const argocdSchema = z.strictObject({
  enabled: off("Argo CD"),
  values: chartValues,
});

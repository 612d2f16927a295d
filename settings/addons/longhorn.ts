import { z } from "zod";
import * as format from "../formats";
import { described } from "../node";
import { chartValues, off } from "./chart-values";

export const longhornSchema = z.strictObject({
  enabled: off("Longhorn"),
  replicas: described("Copies of each volume", z.number().int().min(1).max(5)).optional(),
  dataPath: format.text(format.absolutePath, "Folder on each node").optional(),
  values: chartValues,
});

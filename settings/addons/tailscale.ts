import { z } from "zod";
import * as format from "../formats";
import { described } from "../node";
import { secretText } from "../secret";
import { chartValues, off } from "./chart-values";

export const tailscaleSchema = z.strictObject({
  enabled: off("the Tailscale operator"),
  hostname: format.text(format.nodeName, "Name of the operator in the tailnet").optional(),
  tags: described("Tags of the devices", z.array(format.text(format.tailscaleTag, "Tag"))).prefault([]),
  oauth: described(
    "OAuth client of the operator",
    z.strictObject({
      clientId: format.text(format.loginName, "Id of the OAuth client"),
      clientSecret: secretText("Secret of the OAuth client"),
    }),
  ).optional(),
  values: chartValues,
});

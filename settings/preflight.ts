import { z } from "zod";
import { ACCEPTABLE, type AcceptableName, whyNotAcceptable } from "../providers/host/preflight/finding-names";
import { described, type Format, text } from "./fields";
import { didYouMean } from "./messages/did-you-mean";

const acceptableName: Format = (value) => {
  if ((ACCEPTABLE as readonly string[]).includes(value)) return undefined;
  const refused = whyNotAcceptable(value);
  if (refused !== undefined) return `can't be accepted: ${refused}`;
  const similar = didYouMean(value, ACCEPTABLE);
  const hint = similar === undefined ? "" : `did you mean "${similar}"? `;
  return `is not a finding that can be accepted; ${hint}allowed: ${ACCEPTABLE.join(", ")}`;
};

const finding = text(acceptableName, "Name of a finding, as the preflight's table says it")
  // Editors complete the names by it.
  .meta({ description: "Name of a finding, as the preflight's table says it", enum: [...ACCEPTABLE] });

export const preflightSchema = z.strictObject({
  accept: described(
    "Findings that are only a warning, on every host of the stack",
    z.array(finding.transform((name) => name as AcceptableName)),
  ).prefault([]),
});

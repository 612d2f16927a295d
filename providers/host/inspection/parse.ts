/** One claim of a step, and what the host shows of it. */
export interface Observation {
  kind: string;
  key: string;
  claimed: string;
  found: string;
}

export interface ClaimedStep {
  /** Id of the run that wrote the claims. */
  run: string;
  observations: Observation[];
}

/** What a host showed. */
export interface Gathering {
  facts: Record<string, string>;
  /** By step; a step without claims on the host is left out. */
  steps: Record<string, ClaimedStep>;
  /** Changes when a claims file is removed or added; empty: there is no folder of claims. */
  folder: string;
}

/**
 * Reads what the gathering script printed. Lines without the marker are others' (profiles, messages of the day).
 *
 * @throws Error where the output is cut off
 */
export function parseGathering(output: string, marker: string): Gathering {
  const gathering: Gathering = { facts: {}, steps: {}, folder: "" };
  let ended = false;
  for (const line of output.split("\n")) {
    // Something that was printed without a newline may stand before it.
    const start = line.indexOf(`${marker}\t`);
    if (start < 0) continue;
    const [tag, ...fields] = line.slice(start + marker.length + 1).split("\t");
    if (tag === "end") ended = true;
    else take(gathering, tag ?? "", fields);
  }
  if (!ended) throw new Error("the script that looks at the host did not come to its end");
  return gathering;
}

function take(gathering: Gathering, tag: string, fields: string[]): void {
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = fields;
  switch (tag) {
    case "fact":
      gathering.facts[first] = second.trim();
      return;
    case "folder":
      gathering.folder = first;
      return;
    case "step":
      // Claims without the id of their run were not written by a step: they count as missing.
      if (second !== "") gathering.steps[first] = { run: second, observations: [] };
      return;
    case "claim":
      gathering.steps[first]?.observations.push({ kind: second, key: third, claimed: fourth, found: fifth });
      return;
    default:
      throw new Error(`the script that looks at the host printed a line of an unknown kind: '${tag}'`);
  }
}

import type { Operation, Plan } from "./plan";

export const MARKS: Readonly<Record<Operation, string>> = { create: "+", update: "~", replace: "±", delete: "-" };

/** One line that says the most of a plan. */
export function headline({ stack, errors, refused, changes, logins }: Plan): string {
  if (errors.length > 0) return `${stack} can't be planned`;
  if (refused.length > 0) return `${stack}: up would refuse this`;
  if (changes.length === 0 && logins > 0) return `${stack}: only how hosts are reached changes`;
  if (changes.length === 0) return `${stack}: nothing changes`;
  const nodes = changes.filter(({ section }) => section === "nodes");
  const coming = nodes.filter(({ operation }) => operation === "create").length;
  const going = nodes.filter(({ operation }) => operation === "delete").length;
  const hosts = new Set(changes.filter(({ section }) => section === "hosts").flatMap((change) => change.hosts)).size;
  const others = changes.filter(({ section }) => section !== "nodes" && section !== "hosts").map(({ title }) => title);
  const parts = [
    ...(coming > 0 ? [counted(coming, "node joins", "nodes join")] : []),
    ...(going > 0 ? [counted(going, "node leaves", "nodes leave")] : []),
    ...(hosts > 0 ? [counted(hosts, "host changes", "hosts change")] : []),
    ...(others.length > 0 ? [[...new Set(others)].join(", ")] : []),
  ];
  return `${stack}: ${parts.join("; ")}`;
}

/** What is said below the changes. */
export function summary({ refused, changes, logins, follows, counts, unknown, digest }: Plan): string[] {
  const disturbs = changes.some(({ effects }) => effects.length > 0);
  const { create, update, replace, delete: deleted, unchanged } = counts;
  const operations = Object.entries({ created: create, updated: update, replaced: replace, deleted, unchanged })
    .filter(([, count]) => count > 0)
    .map(([word, count]) => `${count} ${word}`);
  return [
    ...(changes.length > 0 && refused.length === 0 && !disturbs ? ["Nothing that runs is disturbed."] : []),
    ...(logins > 0
      ? [
          `How hosts are reached is recorded for ${counted(logins, "resource", "resources")}: nothing changes on the hosts or in the cluster by that.`,
        ]
      : []),
    ...(follows.length > 0
      ? [
          `${counted(follows.length, "resource follows and changes nothing by itself", "resources follow and change nothing by themselves")}.`,
        ]
      : []),
    ...(unknown.length > 0 ? [`Not known here: ${unknown.join("; ")}.`] : []),
    `Resources: ${operations.join(", ")}. Plan ${digest}.`,
  ];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

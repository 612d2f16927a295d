import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Shape, settingsShape } from "../settings/shape";
import { supported } from "../versions";
import { markdownTable } from "./markdown-table";

/** Writes docs/settings.md from the schema of the settings: npx tsx docs/generate-settings.ts */

export const PAGE = path.join(__dirname, "settings.md");

const kindTitles: Record<string, string> = {
  nspawn: "systemd-nspawn machines on a Linux computer (the stack `lab`)",
  multipass: "Multipass virtual machines (the stack `local`)",
  metal: "existing hosts over SSH (the stack `metal`)",
};

const introduction = `# Settings

<!-- Written by docs/generate-settings.ts from the schema in settings/. Change that instead. -->

Every setting of a stack stands in \`Pulumi.<stack>.yaml\` under \`config:\`, with the project's name before it:

\`\`\`yaml
config:
  homelab:machines:
    kind: nspawn
    nodes:
      - name: cp1
        role: control-plane
        address: 10.90.0.11
  homelab:sysctls:
    net.core.somaxconn: 4096
\`\`\`

All of them are checked before anything is changed, and everything that is wrong is reported at once. Unknown settings are
refused. Text that reads as a number is put in quotes.

A **secret** is encrypted in the file: \`pulumi config set --secret --path ssh.privateKey < FILE\`. In clear it is refused.

Supported versions of Kubernetes: ${supported.kubernetes.join(", ")}.
`;

interface Row {
  setting: string;
  type: string;
  standard: string;
  meaning: string;
}

/** The whole page. */
export function settingsPage(): string {
  const { machines, ...others } = settingsShape().properties ?? {};
  const sections = Object.entries(others).map(([name, shape]) =>
    section(`homelab:${name}`, shape.description, sectionRows(name, shape)),
  );
  return [introduction, ...machineSections(machines ?? {}), ...sections].join("\n");
}

/** What all kinds of machine have stands in one table, and what each has beside it in its own. */
function machineSections(machines: Shape): string[] {
  const kinds = (machines.oneOf ?? []).map((shape) => ({
    kind: shape.properties?.kind?.const ?? "",
    rows: rows("machines", shape),
  }));
  const [first, ...rest] = kinds;
  const common = (first?.rows ?? []).filter((row) => rest.every((kind) => kind.rows.some((other) => same(row, other))));
  const own = kinds.map(({ kind, rows: all }) =>
    section(
      `homelab:machines, kind ${kind}`,
      kindTitles[kind],
      all.filter((row) => !common.some((one) => same(row, one))),
    ),
  );
  return [section("homelab:machines, every kind", machines.description, common), ...own];
}

function same(a: Row, b: Row): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sectionRows(setting: string, shape: Shape): Row[] {
  const entry = shape.additionalProperties;
  return typeof entry === "object" ? [row(`${setting}.<name>`, entry, false)] : rows(setting, shape);
}

/** One row for each setting inside a mapping. */
function rows(setting: string, shape: Shape): Row[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${setting}.${name}`;
    // The same settings as cluster.kubelet, which describes them.
    const described = path === "machines.nodes[].kubelet";
    return [row(path, inner, shape.required?.includes(name) ?? false), ...(described ? [] : inside(path, inner))];
  });
}

function inside(setting: string, shape: Shape): Row[] {
  if (shape.items) return rows(`${setting}[]`, shape.items);
  const entry = shape.additionalProperties;
  return typeof entry === "object" ? rows(`${setting}.<name>`, entry) : rows(setting, shape);
}

function row(setting: string, shape: Shape, required: boolean): Row {
  return {
    setting: code(setting),
    type: typeName(shape),
    standard: standard(shape, required),
    meaning: meaning(shape),
  };
}

function code(text: string): string {
  return `\`${text}\``;
}

function meaning({ description = "", propertyNames }: Shape): string {
  return propertyNames?.enum ? `${description}. Names: ${propertyNames.enum.map(code).join(", ")}` : description;
}

function typeName(shape: Shape): string {
  const { minimum, maximum } = shape;
  if (shape.const !== undefined) return code(shape.const);
  if (shape.enum) return shape.enum.map(code).join(", ");
  if (shape.secret) return "secret";
  switch (shape.type ?? "") {
    case "array":
      return shape.items?.properties ? "list" : `list of ${typeName(shape.items ?? {})}`;
    case "object":
      return typeof shape.additionalProperties === "object" && !shape.additionalProperties.properties
        ? `name: ${typeName(shape.additionalProperties)}`
        : "mapping";
    case "integer":
      return minimum === undefined ? "number" : `${minimum} to ${maximum}`;
    case "boolean":
      return "true or false";
    case "string":
      return "text";
    default:
      return "any value";
  }
}

function standard({ default: value }: Shape, required: boolean): string {
  if (value === undefined) return required ? "required" : "";
  if (Array.isArray(value)) return value.map((one) => code(String(one))).join(", ");
  return typeof value === "object" ? "" : code(String(value));
}

function section(title: string, text: string | undefined, table: Row[]): string {
  const cells = table.map(({ setting, type, standard, meaning }) => [setting, type, standard, meaning]);
  const body = table.length > 0 ? `\n${markdownTable([["Setting", "Value", "Default", "Meaning"], ...cells])}\n` : "";
  return `## ${title}\n\n${text ?? ""}\n${body}`;
}

if (require.main === module) writeFileSync(PAGE, settingsPage());

import { writeFileSync } from "node:fs";
import path from "node:path";
import { FINDINGS } from "../providers/host/preflight/finding-names";
import { kinds } from "../providers/machines/kinds";
import { type JsonSchema, settingsJsonSchema, stackFileJsonSchema } from "../settings/json-schema";
import { supported } from "../versions";
import { markdownTable } from "./markdown-table";

/** Writes docs/settings.md and settings.schema.json from the schema of the settings: npx tsx docs/generate-settings.ts */

export const PAGE = path.join(__dirname, "settings.md");
export const SCHEMA_FILE = path.join(__dirname, "..", "settings.schema.json");

const introduction = `# Settings

<!-- Written by docs/generate-settings.ts from the schema in settings/. Change that instead. -->

Every setting of a stack is in \`Pulumi.<stack>.yaml\` under \`config:\`, with the project's name before it:

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

A **secret** is encrypted in the file: \`pulumi config set --secret --path ssh.privateKey < FILE\`. One that isn't is refused.

Editors with a YAML language server complete the settings and mark mistakes, by \`settings.schema.json\`.

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
  const { machines, ...others } = settingsJsonSchema().properties ?? {};
  const sections = Object.entries(others).map(
    ([name, shape]) =>
      section(`homelab:${name}`, shape.description, sectionRows(name, shape)) +
      (name === "preflight" ? findings() : ""),
  );
  return [introduction, ...machineSections(machines ?? {}), ...sections].join("\n");
}

/** What accepting each finding means, and why the others can't be accepted. */
function findings(): string {
  const rows = Object.entries(FINDINGS).sort(([a], [b]) => (a < b ? -1 : 1));
  const accepted = rows.flatMap(([name, kind]) => ("accepted" in kind ? [[code(name), kind.accepted]] : []));
  const refused = rows.flatMap(([name, kind]) => ("refused" in kind ? [[code(name), kind.refused]] : []));
  return `
Names for \`preflight.accept\`:

${markdownTable([["Finding", "Accepting it means"], ...accepted])}

Findings that can't be accepted:

${markdownTable([["Finding", "Why, and what to do"], ...refused])}
`;
}

/** One table of what all kinds of machine have, and one for each kind of what it has beside that. */
function machineSections(machines: JsonSchema): string[] {
  const tables = (machines.oneOf ?? []).map((schema) => rows("machines", schema));
  const [first = [], ...rest] = tables;
  const common = first.filter((row) => rest.every((table) => table.some((other) => same(row, other))));
  const own = kinds.map(({ name, settings }, index) =>
    section(
      `homelab:machines, kind ${name}`,
      settings().title,
      (tables[index] ?? []).filter((row) => !common.some((one) => same(row, one))),
    ),
  );
  return [section("homelab:machines, every kind", machines.description, common), ...own];
}

function same(a: Row, b: Row): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function sectionRows(setting: string, shape: JsonSchema): Row[] {
  const entry = shape.additionalProperties;
  return typeof entry === "object" ? [row(`${setting}.<name>`, entry, false)] : rows(setting, shape);
}

/** One row for each setting inside a mapping. */
function rows(setting: string, shape: JsonSchema): Row[] {
  return Object.entries(shape.properties ?? {}).flatMap(([name, inner]) => {
    const path = `${setting}.${name}`;
    // The same settings as cluster.kubelet, which describes them.
    const described = path === "machines.nodes[].kubelet";
    return [row(path, inner, shape.required?.includes(name) ?? false), ...(described ? [] : inside(path, inner))];
  });
}

function inside(setting: string, shape: JsonSchema): Row[] {
  if (shape.items) return rows(`${setting}[]`, shape.items);
  const entry = shape.additionalProperties;
  return typeof entry === "object" ? rows(`${setting}.<name>`, entry) : rows(setting, shape);
}

function row(setting: string, shape: JsonSchema, required: boolean): Row {
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

function meaning({ description = "", propertyNames }: JsonSchema): string {
  return propertyNames?.enum ? `${description}. Names: ${propertyNames.enum.map(code).join(", ")}` : description;
}

function typeName(shape: JsonSchema): string {
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

function standard({ default: value }: JsonSchema, required: boolean): string {
  if (value === undefined) return required ? "required" : "";
  if (Array.isArray(value)) return value.map((one) => code(String(one))).join(", ");
  return typeof value === "object" ? "" : code(String(value));
}

function section(title: string, text: string | undefined, table: Row[]): string {
  const cells = table.map(({ setting, type, standard, meaning }) => [setting, type, standard, meaning]);
  const body = table.length > 0 ? `\n${markdownTable([["Setting", "Value", "Default", "Meaning"], ...cells])}\n` : "";
  return `## ${title}\n\n${text ?? ""}\n${body}`;
}

export function schemaText(): string {
  return `${JSON.stringify(stackFileJsonSchema(), null, 2)}\n`;
}

if (require.main === module) {
  writeFileSync(PAGE, settingsPage());
  writeFileSync(SCHEMA_FILE, schemaText());
}

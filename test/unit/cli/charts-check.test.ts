import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { checkChart } from "../../../cli/charts/rendering";
import { pinsIn } from "../../../cli/charts/sources";

const VALUES = `
replicas: 1
image:
  tag: v1
  # -- Digest of the image.
  # digest: sha256:0
annotations: {}
resources: ~
dashboards:
  list: []
`;

describe("a chart", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "charts-check-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A Helm that shows a small chart, and renders it so. */
  function check(values: Record<string, unknown>, render: string) {
    const helm = path.join(folder, "helm");
    writeFileSync(path.join(folder, "values.yaml"), VALUES);
    writeFileSync(
      helm,
      `#!/bin/sh
case "$1 $2" in
  "show chart") printf 'name: small\\ndependencies: [{name: redis}, {name: x, alias: cache}]\\n' ;;
  "show values") cat ${folder}/values.yaml ;;
  *) ${render} ;;
esac
`,
    );
    chmodSync(helm, 0o755);
    return checkChart(helm, "small-1.tgz", { name: "small", namespace: "default", values });
  }

  test("that renders has its objects counted", () => {
    const render = String.raw`printf 'kind: A\n---\n# nothing\n---\nkind: B\n'`;
    expect(check({ replicas: 2, redis: { a: 1 }, cache: { b: 1 } }, render)).toEqual({ objects: 2, problems: [] });
  });

  test("that gets an unknown value is a problem, also where it renders", () => {
    expect(check({ x: { b: 1 } }, "echo 'kind: A'").problems).toEqual(["the chart knows no value x"]);
  });

  test("that does not render is a problem, in Helm's words", () => {
    expect(check({}, "echo 'Error: nil pointer' >&2; exit 1").problems).toEqual(["Error: nil pointer"]);
  });
});

test("every chart of the program has a pin", () => {
  const pins = pinsIn("charts").map(({ name }) => name);
  expect(pins).toEqual(expect.arrayContaining(["cilium", "longhorn"]));
});

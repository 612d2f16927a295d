import { keysInComments } from "../../../cli/charts/comments";
import { problemsWithValues, valueProblems } from "../../../cli/charts/known-values";

const VALUES = `
replicas: 1
image:
  tag: v1
  # -- Digest of the image.
  # digest: sha256:0
  args: [a]
annotations: {}
resources: ~
hostname: ""
dashboards:
  list: []
# ingress:
#   enabled: false
#   hosts:
#     - name: example
#tls:
#  secret: x
# @schema
# type: object
# @schema
# @schema@
# items: {}
# @schema@
server:
  #  port: 80
  enabled: true
  volumes:
    - name: one
      # medium: Memory
  # last: 1
`;

const problems = (values: Record<string, unknown>, open: string[] = []) => valueProblems(values, VALUES, { open });
const unknown = (...keys: string[]) => keys.map((key) => `the chart knows no value ${key}`);

test("a value that the chart has not is unknown, by its whole path", () => {
  const values = { replica: 2, image: { tga: "v2" }, dashboards: { lsit: [] } };
  expect(problems(values)).toEqual(unknown("replica", "image.tga", "dashboards.lsit"));
});

test("a commented key is known where its indentation says, and nowhere else", () => {
  expect(problems({ image: { digest: "sha256:1" }, server: { port: 5, last: 2 }, ingress: { hosts: [] } })).toEqual([]);
  expect(problems({ digest: "sha256:1", port: 5, last: 2, server: { digest: "x", medium: "x" }, hosts: [] })).toEqual(
    unknown("digest", "port", "last", "server.digest", "server.medium", "hosts"),
  );
});

test("a key in use further down is not known at the top", () => {
  expect(problems({ enabled: true, tag: "v2" })).toEqual(unknown("enabled", "tag"));
});

test("comments are read with and without a blank, in lists and below each other; a schema's words are none of the values", () => {
  expect([...keysInComments(VALUES)].sort()).toEqual([
    "image.digest",
    "ingress",
    "ingress.enabled",
    "ingress.hosts",
    "ingress.hosts.[].name",
    "server.last",
    "server.port",
    "server.volumes.[].medium",
    "tls",
    "tls.secret",
  ]);
});

test("a value of another kind than the chart's is named, with both", () => {
  expect(problems({ replicas: { min: 1 }, image: "v2", server: { enabled: [true] } })).toEqual([
    "replicas is a mapping, and a single value in the chart",
    "image is a single value, and a mapping in the chart",
    "server.enabled is a list, and a single value in the chart",
  ]);
  expect(problems({ image: { args: "a", tag: 2 } })).toEqual(["image.args is a single value, and a list in the chart"]);
});

test("what is empty in the chart takes anything, and null takes a default away", () => {
  const values = { annotations: { a: "b" }, resources: { limits: {} }, hostname: ["a"], dashboards: { list: {} } };
  expect(problems({ ...values, image: null, replicas: null })).toEqual([]);
});

test("what belongs to a subchart, is for all charts, or is a ConfigMap as it is, takes any key", () => {
  expect(problems({ global: { x: 1 } })).toEqual([]);
  expect(problems({ redis: { any: 1 } })).toEqual(unknown("redis"));
  expect(problems({ redis: { any: 1 }, image: { any: { more: 1 } } }, ["redis", "image"])).toEqual([]);

  const valuesFile = "configs: {cm: {create: true}}\nredis: {enabled: true}\n";
  const chart = (name: string) => ({ metadata: `name: ${name}\ndependencies: [{name: redis}]\n`, valuesFile });
  const values = { configs: { cm: { "timeout.reconciliation": "10s" } }, redis: { image: { tag: "v1" } } };
  expect(problemsWithValues(values, chart("argo-cd"))).toEqual([]);
  expect(problemsWithValues(values, chart("other"))).toEqual(unknown("configs.cm.timeout.reconciliation"));
});

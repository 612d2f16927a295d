import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import { takeHooks } from "../../../cli/charts/mocked-program";
import { type Addon, type AddonContext, chartValues } from "../../../components/addons/addon";
import { addons, addonsOn } from "../../../components/addons/list";
import { Platform } from "../../../components/addons/platform";
import type { Cluster } from "../../../components/cluster/cluster";
import type { NodeSteps, Step } from "../../../components/node/step";
import { STEPS, stepsOf } from "../../../components/node/steps";
import { describe as describeFact, type FactName, FACTS, holds } from "../../../providers/host/facts/facts";
import { libraryText } from "../../../providers/host/shell/library";
import { stepScript } from "../../../providers/host/shell/script";
import type { Settings } from "../../../settings";
import { addonsSchema } from "../../../settings/addons";
import { versions } from "../../../versions";

/** The recipes of CONTRIBUTING.md, followed with throw-away things as far as that needs no file: in the lists of this process. */

const kind = "throw-away" as FactName;
const step: Step = {
  name: "throw-away",
  commands: ({ sharedKernel }) => (sharedKernel ? "true" : "make_throw_away"),
  expected: () => [{ kind, key: "thing", value: "made" }],
};

const settings: NodeSteps = {
  kubernetesVersion: versions.kubernetes,
  kubernetesDebRevision: versions.kubernetesDebRevision,
  criToolsVersion: versions.criTools,
  containerdVersion: versions.containerd,
  containerd: { sandboxImage: "pause", mirrors: {} },
  modules: [],
  sysctls: {},
  repositories: {
    kubernetes: { url: "https://k8s.example/{minor}/", fingerprint: "A".repeat(40) },
    docker: { url: "https://docker.example/{distribution}", fingerprint: "B".repeat(40) },
  },
};
const ownKernel = { sharedKernel: false, iscsi: true };

test("a host step needs its entry in the list: it comes in its place with its script and its expected state", () => {
  const before = stepsOf(ownKernel, settings);
  (STEPS as Step[]).splice(1, 0, step);
  try {
    const [first, added, ...others] = stepsOf(ownKernel, settings);
    expect([first, ...others]).toEqual(before);
    expect(added).toMatchObject({ name: "throw-away", commands: "make_throw_away", environment: {} });
    const script = stepScript({ host: "cp1", step: step.name, ...added, commands: added?.commands ?? "" });
    expect(script).toMatch(/step=throw-away\n[\s\S]*\nmake_throw_away\nexpect throw-away thing made\nwrite_expected\n/);
    expect(stepsOf({ ...ownKernel, sharedKernel: true }, settings)[1]?.commands).toBe("true");
  } finally {
    (STEPS as Step[]).splice(1, 1);
  }
});

test("a kind of fact needs its function of shell and its entry in the table: it is observed, compared and described", () => {
  const fact = { kind, key: "thing", expected: "3", found: "5" };
  expect([holds(fact), holds({ ...fact, found: "3" })]).toEqual([false, true]);
  expect(describeFact(fact)).toBe("throw-away thing is 5, expected 3");
  Object.assign(FACTS, {
    [kind]: {
      holds: (expected: string, found: string) => Number(found) >= Number(expected),
      describe: (key: string, expected: string, found: string) => `${key} has ${found}, and needs ${expected}`,
    },
  });
  try {
    expect([holds(fact), holds({ ...fact, found: "2" })]).toEqual([true, false]);
    expect(describeFact({ ...fact, found: "2" })).toBe("thing has 2, and needs 3");
  } finally {
    Reflect.deleteProperty(FACTS, kind);
  }
  const observed = (functions: string): string =>
    spawnSync("bash", ["-euo", "pipefail"], {
      input: `${libraryText()}\n${functions}\nobserve throw-away thing\n`,
      encoding: "utf8",
    }).stdout.trim();
  expect(observed('observe_throw_away() { echo "$1-found"; }')).toBe("thing-found");
  expect(observed("")).toBe("of a kind that this version does not know");
});

describe("an add-on needs its entry in the list", () => {
  const contexts: AddonContext[] = [];
  const addon: Addon = {
    name: "throw-away",
    settings: () => ({
      schema: z.strictObject({ enabled: z.boolean(), values: chartValues }),
      leftOut: (all): Record<string, string> => {
        const own = (all as unknown as Record<string, { missing?: boolean }>)["throw-away"];
        if (own?.missing) return { "throw-away": "set `addons.throw-away.missing`" };
        return {};
      },
    }),
    chart: "throw-away",
    namespace: "throw-away",
    onChange: "nothing restarts",
    load: () => ({
      install: (context) => {
        contexts.push(context);
        return { component: new pulumi.ComponentResource("test:Addon", "throw-away"), outputs: { address: "made" } };
      },
    }),
  };
  const list = addons as unknown as Addon[];
  const settingsWith = (own: object): Settings["addons"] =>
    ({ ...addonsSchema.parse({}), "throw-away": { values: {}, ...own } }) as unknown as Settings["addons"];

  beforeAll(async () => {
    await pulumi.runtime.setMocks({ newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) });
    takeHooks();
    list.push(addon);
  });
  afterAll(() => void list.splice(list.indexOf(addon), 1));

  test("it is on where its settings say so, and nothing that it needs is missing", () => {
    const on = (own: object) => addonsOn(settingsWith(own)).map(({ name }) => name as string);
    expect(on({ enabled: true })).toEqual(["cilium", "throw-away"]);
    expect(on({ enabled: false })).toEqual(["cilium"]);
    expect(on({ enabled: true, missing: true })).toEqual(["cilium"]);
  });

  test("the platform installs it with its chart, and has its version and its outputs", () => {
    const member = new pulumi.ComponentResource("test:Node", "cp1");
    const cluster = {
      members: [member],
      kubeconfig: pulumi.output("kubeconfig"),
      identity: pulumi.output("cluster-1"),
      controlPlane: { disposable: false, resource: member },
    } as unknown as Cluster;
    const chart = { name: "throw-away", version: "1.2.3", values: {} };
    const all = { addons: settingsWith({ enabled: true }) } as unknown as Settings;
    const platform = new Platform("platform", { cluster, settings: all, charts: { "throw-away": chart } as object });
    expect(contexts.map((context) => [context.chart, context.ready, context.services])).toEqual([
      [chart, [member], []],
    ]);
    expect([platform.versions, platform.outputs]).toEqual([{ "throw-away": "1.2.3" }, { address: "made" }]);
  });
});

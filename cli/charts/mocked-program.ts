import * as pulumi from "@pulumi/pulumi";
import { TYPES } from "../../checks/stack-state";
import { parseConfiguration } from "../../settings";
import { PROJECT } from "../../settings/stack-file";
import { madeUpHostKey } from "../from-empty-settings";
import type { ReleaseInputs } from "./rendering";
import type { Pin } from "./sources";

/** The settings of a stack are refused: the program was not run. */
export class RefusedSettings extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "RefusedSettings";
  }
}

/**
 * Runs the program for a stack under Pulumi's mocks, as in a preview. Answers what it gives to the releases of the pinned charts.
 *
 * @param settings the values of the stack's keys, without the project's name
 * @param secretKeys the keys that are taken to have an encrypted value
 * @throws RefusedSettings
 */
export async function runProgram(
  stack: string,
  settings: Readonly<Record<string, unknown>>,
  secretKeys: readonly string[],
  pins: readonly Pin[],
): Promise<Record<string, ReleaseInputs>> {
  const config = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      `${PROJECT}:${name}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  pulumi.runtime.setAllConfig(
    config,
    secretKeys.map((name) => `${PROJECT}:${name}`),
  );
  const releases: Record<string, ReleaseInputs> = {};
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        const made = inputs as Record<string, unknown>;
        const pin =
          type === TYPES.release
            ? pins.find((one) => String(made.chart).includes(`/${one.name}-${one.version}-`))
            : undefined;
        if (pin) releases[pin.name] = releaseOf(made);
        return { id: `${name}-id`, state: { ...made, ...madeUpOutputs(type) } };
      },
      call: () => ({}),
    },
    PROJECT,
    stack,
    true,
  );
  takeHooks();
  // A refusal that the program itself meets would end this process.
  const { problems } = parseConfiguration();
  if (problems) throw new RefusedSettings(problems);
  const { default: program } = (await import("../..")) as unknown as { default: () => Promise<pulumi.Inputs> };
  await pulumi.runtime.runInPulumiStack(async () => program());
  // Not in the SDK's types, and needed: what depends on a component is registered after the program's last line.
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return releases;
}

/** Key of an object that marks a secret (pulumi/runtime/rpc: specialSigKey), and the text of what is not known yet. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const UNKNOWN = /04da6b54-80e4-46f7-96ec-b56ff0331ba9/g;

/** Whether an input is a secret as a whole. */
export function isSecret(input: unknown): input is { value: unknown } {
  return input !== null && typeof input === "object" && SECRET_MARK in input;
}

/**
 * An input as the program gave it: the engine sees a secret as a marked object around the value.
 *
 * @param show what stands for a secret
 */
export function inClear(input: unknown, show = (inside: unknown) => inClear(inside)): unknown {
  if (Array.isArray(input)) return input.map((inner) => inClear(inner, show));
  if (isSecret(input)) return show(input.value);
  if (input === null || typeof input !== "object") return input;
  return Object.fromEntries(Object.entries(input).map(([key, inner]) => [key, inClear(inner, show)]));
}

function releaseOf(inputs: Record<string, unknown>): ReleaseInputs {
  const known = JSON.parse(JSON.stringify(inClear(inputs)).replace(UNKNOWN, "not-known-yet")) as Record<
    string,
    unknown
  >;
  return {
    name: String(known.name),
    namespace: String(known.namespace),
    values: (known.values ?? {}) as Record<string, unknown>,
  };
}

/** What the rest of the program reads of its resources. */
export function madeUpOutputs(type: string): Record<string, unknown> {
  switch (type) {
    case TYPES.sshKey:
      return { publicKey: madeUpHostKey("key"), privateKey: "made-up" };
    case TYPES.nspawnMachine:
      return { incarnation: "made-up" };
    case TYPES.multipassMachine:
      return { incarnation: "made-up", address: "192.0.2.11", cpus: 2, memory: "4G", disk: "20G" };
    case TYPES.inspection:
      return { drifts: {}, facts: {} };
    case TYPES.command:
      return { stdout: "clusters: []\n", stderr: "" };
    default:
      return {};
  }
}

type Answer = (error: Error | null, answer: object) => void;

/** Pulumi's mocks say that they take hooks, and have no method for it. To be called after `setMocks`. */
export function takeHooks(): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResourceHook?: unknown };
  monitor.registerResourceHook = (_request: unknown, answer: Answer) => answer(null, {});
}

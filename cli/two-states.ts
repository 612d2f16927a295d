import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, run } from "../lab/run-program";
import { type Backend, stateFile } from "./backend";
import { places, writePrivate } from "./places";
import { say } from "./progress";
import { LIST_STACKS, listsStack } from "./pulumi";

/** Where a checkout tells of a stack's states. */
interface StatePlaces {
  /** The stack's file in the local backend. */
  stateFile: string;
  /** File with the backend in which the stack was worked on last, where that is not the local one. */
  lastBackend: string;
}

/** How long a backend that will not be used may take to answer, in seconds. */
const ANSWER_SECONDS = 30;

export function statePlaces(stack: string): StatePlaces {
  return { stateFile: stateFile(stack), lastBackend: places.lastBackend(stack) };
}

/**
 * Two states of one stack are two opinions of the same hosts: with the stale one a run would make what is there, or delete what
 * is needed. It happens where the state was moved, and a variable or a login is forgotten afterwards.
 *
 * @param backend the one that will be used, in effect already
 * @throws Failure where another backend has the stack too, or had it last
 */
export async function refuseTwoStates(
  stack: string,
  backend: Backend,
  here: StatePlaces = statePlaces(stack),
): Promise<void> {
  const { description, local, passedOver, chosenByHand } = backend;
  const last = fs.existsSync(here.lastBackend) ? fs.readFileSync(here.lastBackend, "utf8").trim() : description;
  if (last !== description) {
    throw new Failure(
      `stack ${stack} was last worked on in ${last}, and now ${description} would be used; nothing was changed`,
      `Set PULUMI_BACKEND_URL, or log in, as you did then. Only where the state was moved on purpose: rm ${shown(here.lastBackend)}`,
    );
  }
  if (!local && fs.existsSync(here.stateFile) && (await hasStack(stack))) throw twoStates(stack, description, here);
  if (!local || passedOver === undefined) return;
  const has = await hasStack(stack, { PULUMI_BACKEND_URL: "" });
  if (has && !chosenByHand) throw twoStates(stack, passedOver, here);
  if (has) say(`  ${passedOver} has a stack ${stack} too; PULUMI_BACKEND_URL says that the local state is the one`);
  if (has === undefined)
    say(`  ${passedOver} can't be asked whether it has a stack ${stack} too; the local state is used`);
}

/** Notes where the stack is worked on, for a run that has forgotten it. */
export function rememberBackend(
  stack: string,
  { description, local }: Backend,
  { lastBackend }: StatePlaces = statePlaces(stack),
): void {
  if (!local) writePrivate(lastBackend, `${description}\n`);
}

function twoStates(stack: string, other: string, here: StatePlaces): Failure {
  const file = shown(here.stateFile);
  return new Failure(
    `stack ${stack} has two states, one in ${other} and one in .homelab/state; nothing was changed`,
    `Keep the one that was worked on last (compare: pulumi stack history -s ${stack}).
To keep the one in ${other}: mv ${file} ${file}.old
To keep the local one: remove the other with \`pulumi stack rm --force --preserve-config -s ${stack}\` there, or set PULUMI_BACKEND_URL=file://$PWD/.homelab/state`,
  );
}

/** Whether the backend in effect has the stack; nothing where it doesn't answer. */
async function hasStack(stack: string, env?: NodeJS.ProcessEnv): Promise<boolean | undefined> {
  const listed = await run("pulumi", LIST_STACKS, { env, timeoutSeconds: ANSWER_SECONDS });
  return listed.exitCode === 0 ? listsStack(listed.stdout, stack) : undefined;
}

function shown(file: string): string {
  return path.relative(process.cwd(), file);
}

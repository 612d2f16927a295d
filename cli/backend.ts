import * as fs from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../settings/stack-file";
import { userCredentials } from "./engine";
import { places } from "./places";

/** Where the state is kept. */
export interface Backend {
  /** PULUMI_BACKEND_URL where we choose it; none where the user's login does. */
  url?: string;
  description: string;
  /** Pulumi Cloud, which encrypts secrets itself. */
  cloud: boolean;
  /** The checkout's own. */
  local: boolean;
  /** The user's login, where it is passed over because the local backend has the stack already, or was named. */
  passedOver?: string;
  /** PULUMI_BACKEND_URL names it. */
  chosenByHand: boolean;
}

const CLOUD_BY_TOKEN = "Pulumi Cloud (PULUMI_ACCESS_TOKEN)";

/** The user's backend where there is one, unless this checkout's local backend has the stack already; else the local one. */
export function chooseBackend(stack: { name: string }, environment: NodeJS.ProcessEnv = process.env): Backend {
  const local = localBackend();
  const named = environment.PULUMI_BACKEND_URL;
  const chosenByHand = Boolean(named);
  if (named && named !== local) {
    return { url: named, description: named, cloud: isCloud(named), local: false, chosenByHand };
  }
  const login = environment.PULUMI_ACCESS_TOKEN ? CLOUD_BY_TOKEN : currentLogin();
  if (login && !fs.existsSync(stateFile(stack.name))) {
    return { description: login, cloud: login === CLOUD_BY_TOKEN || isCloud(login), local: false, chosenByHand };
  }
  fs.mkdirSync(places.state, { recursive: true, mode: 0o700 });
  fs.chmodSync(places.state, 0o700);
  const passedOver = login === local ? undefined : login;
  return { url: local, description: ".homelab/state (local)", cloud: false, local: true, passedOver, chosenByHand };
}

function isCloud(backend: string): boolean {
  return /^https?:/.test(backend);
}

function localBackend(): string {
  return `file://${places.state}`;
}

/** Whether this checkout's local backend is the one in use, and has the stack. */
export function hasLocalState(stack: string, environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment.PULUMI_BACKEND_URL === localBackend() && fs.existsSync(stateFile(stack));
}

/** The folder of the local backend with a file for each stack. */
export function stateFiles(): string {
  return path.join(places.state, ".pulumi", "stacks", PROJECT);
}

/** The file of a stack in the local backend. */
export function stateFile(stack: string): string {
  return path.join(stateFiles(), `${stack}.json`);
}

function currentLogin(): string | undefined {
  const folder = userCredentials();
  if (!folder) return undefined;
  const { current } = JSON.parse(fs.readFileSync(path.join(folder, "credentials.json"), "utf8")) as {
    current?: string;
  };
  return current || undefined;
}

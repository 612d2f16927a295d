import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import type { Backend } from "../../cli/backend";
import { refuseTwoStates, rememberBackend } from "../../cli/two-states";
import { ensureBinaries } from "../../lab/build/binaries";

/** The real CLI with two backends in folders, one in the place of the checkout's own. */

jest.setTimeout(120_000);

const kept = { ...process.env };
const startedIn = process.cwd();
let folder: string;
let warnings: string;

const inside = (name: string) => path.join(folder, name);
const urlOf = (name: string) => `file://${inside(name)}`;
const here = () => ({
  stateFile: inside("local/.pulumi/stacks/homelab/metal.json"),
  lastBackend: inside("backend-metal"),
});
const local = (change: Partial<Backend> = {}): Backend => ({
  ...{ url: urlOf("local"), description: ".homelab/state (local)", cloud: false, local: true, chosenByHand: false },
  ...change,
});
const bucket = (): Backend => ({
  ...{ url: urlOf("bucket"), description: urlOf("bucket"), cloud: false, local: false, chosenByHand: true },
});

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "homelab-states-"));
  for (const name of ["local", "bucket", "project", "home"]) fs.mkdirSync(inside(name));
  fs.writeFileSync(inside("project/Pulumi.yaml"), "name: homelab\nruntime: nodejs\n");
  process.chdir(inside("project"));
  Object.assign(process.env, {
    PATH: `${await ensureBinaries("engine")}:${kept.PATH}`,
    PULUMI_HOME: inside("home"),
    PULUMI_CONFIG_PASSPHRASE: "x",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  });
  warnings = "";
  jest.spyOn(process.stderr, "write").mockImplementation((text) => Boolean((warnings += String(text))));
});

afterEach(() => {
  jest.restoreAllMocks();
  process.chdir(startedIn);
  for (const name of Object.keys(process.env)) if (!(name in kept)) delete process.env[name];
  Object.assign(process.env, kept);
  fs.rmSync(folder, { recursive: true });
});

/** Puts a backend into effect, as `make` does. */
function use(name: string): void {
  process.env.PULUMI_BACKEND_URL = urlOf(name);
}

async function makeStack(name: string, stack = "metal"): Promise<void> {
  await execa("pulumi", ["stack", "init", stack], { env: { ...process.env, PULUMI_BACKEND_URL: urlOf(name) } });
}

async function logIn(name: string): Promise<void> {
  await execa("pulumi", ["login", urlOf(name)], { env: { ...process.env, PULUMI_BACKEND_URL: "" } });
}

test("two-states: a stack that the named backend and the checkout's own both have is refused, with how to keep either", async () => {
  await makeStack("local");
  await makeStack("bucket");
  use("bucket");
  await expect(refuseTwoStates("metal", bucket(), here())).rejects.toMatchObject({
    message: `stack metal has two states, one in ${urlOf("bucket")} and one in .homelab/state; nothing was changed`,
    action: expect.stringMatching(
      /To keep the one in .*: mv (\S+metal\.json) \1\.old\nTo keep the local one: /,
    ) as string,
  });
  fs.renameSync(here().stateFile, `${here().stateFile}.old`);
  await refuseTwoStates("metal", bucket(), here());
});

test("two-states: the variable that named the bucket is forgotten: the local state, stale or none, is not worked on", async () => {
  await makeStack("bucket");
  use("bucket");
  await refuseTwoStates("metal", bucket(), here());
  rememberBackend("metal", bucket(), here());
  use("local");
  const refused = `stack metal was last worked on in ${urlOf("bucket")}, and now .homelab/state (local) would be used; nothing was changed`;
  await expect(refuseTwoStates("metal", local(), here())).rejects.toThrow(refused);
  await makeStack("local");
  await expect(refuseTwoStates("metal", local(), here())).rejects.toThrow(refused);
  use("bucket");
  fs.rmSync(here().stateFile);
  await refuseTwoStates("metal", bucket(), here());
});

test("two-states: the login that is passed over for the local state is asked, and refused where it has the stack", async () => {
  await makeStack("local");
  await makeStack("bucket", "other");
  await logIn("bucket");
  use("local");
  const backend = local({ passedOver: urlOf("bucket") });
  await refuseTwoStates("metal", backend, here());
  await makeStack("bucket");
  await expect(refuseTwoStates("metal", backend, here())).rejects.toThrow(
    `stack metal has two states, one in ${urlOf("bucket")} and one in .homelab/state`,
  );
  expect(warnings).toBe("");
  await refuseTwoStates("metal", { ...backend, chosenByHand: true }, here());
  expect(warnings).toContain("has a stack metal too; PULUMI_BACKEND_URL says that the local state is the one");
});

test("two-states: a login that doesn't answer is no reason to stop, and is named", async () => {
  await makeStack("local");
  await logIn("bucket");
  fs.rmSync(inside("bucket"), { recursive: true });
  use("local");
  await refuseTwoStates("metal", local({ passedOver: urlOf("bucket") }), here());
  expect(warnings).toContain(`${urlOf("bucket")} can't be asked whether it has a stack metal too`);
});

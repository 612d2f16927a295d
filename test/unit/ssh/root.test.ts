import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { withSsh } from "../../../providers/host/ssh/connect";
import { runAsRoot, runAsRootOrFail } from "../../../providers/host/ssh/root";
import type { RunResult, SshSession, SshTarget } from "../../../providers/host/ssh/target";
import { failure } from "./failure";
import { startServer, type TestServer } from "./in-process-server";
import { byShell } from "./shell-answer";

const PASSWORD = `p'a s"s$w\\0rd; touch owned`;
/** Prints who it is, and what is left of its input: a step reads none. */
const SCRIPT = ["set -eu", "main() {", "  echo ran; cat", "}", "main </dev/null", ""].join("\n");
const OPTIONS = { timeoutSeconds: 5 };

let folder: string;
let server: TestServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "sudo-"));
  await writeFile(path.join(folder, "log"), "");
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

interface Sudo {
  /** What it asks for; left out: nothing. */
  asks?: string;
  denies?: boolean;
  missing?: boolean;
}

/** Does work on a host with such a sudo. */
async function on<T>(sudo: Sudo, target: Partial<SshTarget>, work: (session: SshSession) => Promise<T>): Promise<T> {
  const env = {
    PATH: await programs(sudo),
    SUDO_PASSWORD: sudo.asks ?? "",
    SUDO_DENIES: sudo.denies ? "yes" : "",
    SUDO_LOG: path.join(folder, "log"),
  };
  await server?.close();
  server = await startServer({ answer: byShell(env) });
  return withSsh({ ...server.target, ...target } as SshTarget, OPTIONS, "working", work);
}

/** A folder with the programs that the commands need; the workstation's own sudo is never among them. */
async function programs({ missing }: Sudo): Promise<string> {
  const made = await mkdtemp(path.join(folder, "programs-"));
  for (const name of ["sh", "bash", "cat", "true"]) await symlink(`/bin/${name}`, path.join(made, name));
  if (!missing) await symlink(path.join(__dirname, "programs", "sudo"), path.join(made, "sudo"));
  return made;
}

const run = (session: SshSession): Promise<RunResult> => runAsRoot(session, SCRIPT, OPTIONS);
const tries = async (): Promise<number> => (await readFile(path.join(folder, "log"), "utf8")).split("try").length - 1;
const RAN: RunResult = { stdout: "ran\n", stderr: "", exitCode: 0 };

test("sudo-password: sudo gets it by standard input, and it is in no command", async () => {
  await expect(on({ asks: PASSWORD }, { sudoPassword: PASSWORD }, run)).resolves.toEqual(RAN);
  expect(server?.commands.join("\n")).not.toContain("owned");
  expect(server?.commands.join("\n")).not.toContain("echo ran");
});

test("a host whose sudo does not ask gets no password line as a command", async () => {
  await expect(on({}, { sudoPassword: "touch owned" }, run)).resolves.toEqual(RAN);
  await expect(readFile("owned")).rejects.toThrow("ENOENT");
  expect(await tries()).toBe(0);
});

test("without a password the script runs by sudo -n, for root without sudo", async () => {
  await expect(on({}, {}, run)).resolves.toEqual(RAN);
  expect(server?.commands).toEqual(["bash -s"]);
  await expect(on({ missing: true }, { user: "root" }, run)).resolves.toEqual(RAN);
  expect(server?.commands).toEqual(["bash -s"]);
});

test("a script's own exit code and errors are an answer", async () => {
  const script = "echo 'sudo is not to blame' >&2; exit 7";
  for (const sudoPassword of [undefined, PASSWORD]) {
    const result = await on({}, { sudoPassword }, (session) => runAsRoot(session, script, OPTIONS));
    expect(result).toEqual({ stdout: "", stderr: "sudo is not to blame\n", exitCode: 7 });
  }
});

test("a wrong password is tried once per connection, and neither it nor the right one is told", async () => {
  const errors = await on({ asks: PASSWORD }, { sudoPassword: "nonsense" }, async (session) => [
    await failure(run(session)),
    await failure(run(session)),
  ]);
  expect(await tries()).toBe(1);
  expect(server?.commands).toHaveLength(1);
  for (const error of errors) {
    expect(error.kind).toBe("authentication");
    expect(error.message).toMatch(/^node1: working failed: sudo refused the password of user 'someone'/);
    expect(error.message).toContain("ssh.sudoPassword");
    expect(error.message).not.toMatch(/nonsense|owned/);
  }
});

test("a password with a line break is refused before it is sent", async () => {
  const error = await failure(on({ asks: PASSWORD }, { sudoPassword: "a\nb" }, run));
  expect(error.message).toContain("line break");
  expect(server?.commands).toEqual([]);
});

test.each<[string, Sudo, string | undefined, RegExp]>([
  [
    "asks and has no password",
    { asks: PASSWORD },
    undefined,
    /without a password, and ssh\.sudoPassword is not set.*Set ssh\.sudoPassword/,
  ],
  ["is missing", { missing: true }, undefined, /the host has no sudo.*Install sudo/],
  ["is missing, with a password", { missing: true }, PASSWORD, /the host has no sudo.*Install sudo/],
  [
    "denies the user",
    { denies: true },
    undefined,
    /'someone' may not use sudo .*not in the sudoers file.*\/etc\/sudoers\.d\/homelab/,
  ],
  [
    "denies the user, with a password",
    { asks: PASSWORD, denies: true },
    PASSWORD,
    /may not use sudo .*not in the sudoers/,
  ],
])("a sudo that %s is told from a script that failed", async (_what, sudo, sudoPassword, message) => {
  const error = await failure(on(sudo, { sudoPassword }, run));
  expect(error.kind).toBe("command");
  expect(error.message).toMatch(message);
});

test("user-dot: the advice names a file that sudo reads, and a line that it takes for that user", async () => {
  const advice = async (user: string) => (await failure(on({ denies: true }, { user }, run))).action;
  expect(await advice("john.doe")).toContain("Put 'john.doe ALL=(ALL) NOPASSWD:ALL' into /etc/sudoers.d/homelab");
  expect(await advice("CORP\\jane")).toMatch(/Put '#UID ALL=\(ALL\) .*'id -u' prints for CORP\\jane/);
});

test("runAsRootOrFail names what was being done, and keeps what the script said", async () => {
  const failing = on({ asks: PASSWORD }, { sudoPassword: PASSWORD }, (session) =>
    runAsRootOrFail(session, "echo 'E: no such package' >&2; exit 100", { ...OPTIONS, doing: "installing" }),
  );
  await expect(failing).rejects.toThrow(/^node1: installing failed: .*exit code 100:\nE: no such package/);
});

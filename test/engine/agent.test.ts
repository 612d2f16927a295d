import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { generateKeyPair, type KeyPair } from "../../providers/machines/ssh-key/key-pair";
import { LabStack } from "../harness/stacks/lab-stack";
import { leaksInFolder, lineOfKey } from "../harness/stacks/secret-search";
import { startAgent } from "../unit/ssh/in-process-agent";
import { hostKeys, startServer, type TestServer } from "../unit/ssh/in-process-server";

jest.setTimeout(5 * 60_000);

/** More than the six logins that a server allows. */
const keys = Array.from({ length: 8 }, (_, index) => generateKeyPair(`key ${index}`));
const login = keys[7] as KeyPair;

let folder: string;
let server: TestServer;
let stack: LabStack;
const before = { ...process.env };

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "agent-"));
  server = await startServer({
    lets: login.public,
    // As a shell does that reads its script: who hangs up before has the client fail as it writes.
    answer: (channel) => {
      channel.resume().on("end", () => {
        channel.exit(0);
        channel.end();
      });
    },
  });
  Object.assign(process.env, {
    SSH_AUTH_SOCK: path.join(folder, "socket"),
    HOST_PORT: String(server.target.port),
    HOST_KEY: hostKeys.public,
    LOGIN_KEY: login.public,
  });
  const program = "test/engine/agent-program.ts";
  stack = await LabStack.create({ name: "agent", roles: ["worker"], mirror: false, program });
});

afterAll(async () => {
  await stack?.remove();
  await server?.close();
  await rm(folder, { recursive: true });
  process.env = before;
});

test("ssh-agent-many-keys: a step logs in with the chosen one of eight keys, and no plan needs the agent", async () => {
  expect((await stack.plan()).map(({ op }) => op)).toContain("create");

  const agent = await startAgent(path.join(folder, "socket"), keys);
  await stack.up().finally(() => agent.close());
  expect(server.commands).toEqual(["bash -s"]);
  expect(new Set(server.logins.map(({ key }) => key))).toEqual(new Set([undefined, login.public.split(" ")[1]]));
  expect(await readdir(path.join(stack.folder, ".homelab", "ssh"))).toEqual([]);

  expect(await stack.plan()).toEqual([]);
  await stack.up();
  expect(server.commands).toHaveLength(1);
});

test("agent-stale: a step logs in by a key of its own, though SSH_AUTH_SOCK names an agent that is gone", async () => {
  process.env.LOGIN_PRIVATE_KEY = login.private;
  const before = server.commands.length;
  await stack.up();
  expect(server.commands.slice(before)).toEqual(["bash -s"]);
  expect(await readdir(path.join(stack.folder, ".homelab", "ssh"))).toEqual([]);
  const key = { name: "key", value: lineOfKey(login.private) };
  expect(await leaksInFolder(path.join(stack.folder, ".pulumi"), [key])).toEqual([]);
  expect(await stack.plan()).toEqual([]);
});

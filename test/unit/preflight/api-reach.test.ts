import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { setTimeout } from "node:timers/promises";
import { apiFindings } from "../../../providers/host/preflight/api-reach";
import { freePort } from "../../harness/servers/free-port";

jest.setTimeout(30_000);

const cp1 = { name: "cp1", role: "control-plane", address: "10.0.0.1", incarnation: "a", sharedKernel: false } as const;

test("bastion-api: an API server that answers, and a port on which nothing listens yet, are reached", async () => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  expect(await apiFindings(cp1, { host: "127.0.0.1", port })).toEqual([]);
  server.close();
  expect(await apiFindings(cp1, { host: "127.0.0.1", port: await freePort() })).toEqual([]);
});

/** Listens, accepts nothing, and so drops what comes once its short queue is full: as a firewall that answers nothing. */
const SILENT = `const server = require("net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

test("bastion-api: an address from which no answer comes is a finding that says what to do", async () => {
  const silent = spawn(process.execPath, ["-e", SILENT], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(silent.stdout, "data")) as [Buffer];
  const port = Number(text);
  const waiting: net.Socket[] = [];
  // Until its queue is full: one more is not let in any more.
  for (let isFull = false; !isFull;) {
    const socket = net.connect({ port, host: "127.0.0.1" });
    waiting.push(socket);
    isFull = await Promise.race([once(socket, "connect").then(() => false), setTimeout(1000).then(() => true)]);
  }
  const found = await apiFindings(cp1, { host: "127.0.0.1", port }, 1);
  for (const socket of waiting) socket.on("error", () => undefined).destroy();
  silent.kill("SIGKILL");
  expect(found).toEqual([
    {
      name: "api-unreachable",
      hosts: ["cp1"],
      problem: `the workstation, which runs pulumi, can't reach the API server's address 127.0.0.1:${port}: there is no answer`,
      action: expect.stringContaining("a bastion carries only SSH") as string,
    },
  ]);
});

test("bastion-api: a name without an address is a finding", async () => {
  const [finding] = await apiFindings(cp1, { host: "api.invalid", port: 6443 });
  expect(finding?.problem).toMatch(/api\.invalid:6443: the name (has no address|can't be resolved now)$/);
});

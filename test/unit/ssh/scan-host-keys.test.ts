import { type AddressInfo, connect, createServer, type Server as NetServer } from "node:net";
import { Server, utils } from "ssh2";
import { parseHostKey } from "../../../providers/host/ssh/host-key";
import { scanHostKeys } from "../../../providers/host/ssh/scan-host-keys";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { clientKeys, hostKeys, USER } from "./in-process-server";
import { serversOfTest } from "./servers-of-test";

const TIMEOUT_MS = 1_000;
const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

const server = serversOfTest();

async function listening(front: NetServer): Promise<number> {
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  opened.push(() => new Promise((resolve) => front.close(resolve)));
  return (front.address() as AddressInfo).port;
}

/** A bastion that lets the test's user through to where he wants; with the number of logins. */
async function bastion(keys = generateKeyPair()) {
  const seen = { logins: 0 };
  const ssh = new Server({ hostKeys: [keys.private] }, (connection) => {
    connection.on("error", () => undefined);
    connection.on("authentication", (login) => (login.method === "publickey" ? login.accept() : login.reject()));
    connection.on("ready", () => seen.logins++);
    connection.on("tcpip", (accept, reject, { destIP, destPort }) => {
      const socket = connect(destPort, destIP);
      socket.on("error", () => reject());
      socket.on("connect", () => {
        const channel = accept();
        channel.on("error", () => undefined);
        socket.pipe(channel).pipe(socket);
      });
    });
  });
  const port = await listening(createServer((socket) => ssh.injectSocket(socket)));
  const target = { name: "gate", host: "127.0.0.1", port, user: USER, privateKey: clientKeys.private };
  return { ...target, hostKey: keys.public, seen };
}

test("each server answers with its ed25519 key, and is not logged in to", async () => {
  const { target, logins } = await server();
  const other = await server({ hostKey: generateKeyPair().private });
  const [one, two] = await scanHostKeys([target, other.target], TIMEOUT_MS);
  expect(one?.key).toEqual(parseHostKey(hostKeys.public));
  expect(two?.key).not.toEqual(one?.key);
  expect([...logins, ...other.logins]).toEqual([]);
});

test("a server that says nothing and one that is not there don't keep the others from answering", async () => {
  const silent = await listening(createServer((socket) => socket.on("error", () => undefined).resume()));
  const gone = await server();
  await gone.close();
  const { target } = await server();
  const started = Date.now();
  const at = (port: number) => ({ host: "127.0.0.1", port });
  const [mute, absent, well] = await scanHostKeys([at(silent), gone.target, target], TIMEOUT_MS);
  expect(Date.now() - started).toBeLessThan(3 * TIMEOUT_MS);
  expect(mute?.problem).toBe("no answer within 1 s");
  expect(absent?.problem).toContain("ECONNREFUSED");
  expect(well?.key).toBeDefined();
});

test("a server with another type of key alone is told what makes one", async () => {
  const rsa = utils.generateKeyPairSync("rsa", { bits: 2048 });
  const { target } = await server({ hostKey: rsa.private });
  const [answer] = await scanHostKeys([target], TIMEOUT_MS);
  expect(answer?.problem).toBe("it has no ssh-ed25519 host key; 'sudo ssh-keygen -A' there makes one");
});

test("hosts behind a bastion are asked through it, by one login there", async () => {
  const { seen, ...gate } = await bastion();
  const hosts = [await server(), await server({ hostKey: generateKeyPair().private })];
  const absent = await server();
  await absent.close();
  const behind = [...hosts, absent].map(({ target }) => ({ ...target, bastion: gate }));
  const [one, two, three] = await scanHostKeys(behind, TIMEOUT_MS);
  expect(one?.key).toEqual(parseHostKey(hostKeys.public));
  expect(two?.key).toBeDefined();
  expect(three?.problem).toMatch(/^the bastion can't reach it/);
  expect(seen.logins).toBe(1);
});

test("nothing goes through a bastion that shows another key than the pinned one", async () => {
  const { seen, ...gate } = await bastion();
  const { target, connections } = await server();
  const [answer] = await scanHostKeys([{ ...target, bastion: { ...gate, hostKey: hostKeys.public } }], TIMEOUT_MS);
  expect(answer?.problem).toContain("is pinned");
  expect(connections()).toBe(0);
  expect(seen.logins).toBe(0);
});

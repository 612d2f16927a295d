import { spawn } from "node:child_process";
import type { AddressInfo } from "node:net";
import { Server, type ServerChannel, utils } from "ssh2";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";

export interface SshGitServer {
  /** As `ssh://git@address:port/`. */
  url: string;
  /** The server's line for known_hosts. */
  knownHost: string;
  close(): Promise<void>;
}

/** What Git asks an SSH server for when it only reads; it quotes the path. */
const READ = /^git[- ]upload-pack '?\/?([A-Za-z0-9._-]+)'?$/;

/**
 * Serves the bare repositories of a folder over SSH, for reading, to whoever has one key: the server of ssh2 in this process, and
 * Git itself behind it.
 *
 * @param authorizedKey public, a line of authorized_keys
 */
export async function serveGitOverSsh(folder: string, address: string, authorizedKey: string): Promise<SshGitServer> {
  const hostKey = generateKeyPair();
  const allowed = utils.parseKey(authorizedKey);
  if (allowed instanceof Error) throw allowed;
  const connections = new Set<{ end(): void }>();
  const server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined).on("close", () => connections.delete(connection));
    connection.on("authentication", (login) => {
      const known = login.method === "publickey" && login.key.data.equals(allowed.getPublicSSH());
      if (known && login.username === "git") login.accept();
      else login.reject(["publickey"]);
    });
    connection.on("session", (accept) => {
      const session = accept();
      // Git sends its protocol's version in the environment.
      session.on("env", (acceptEnv) => acceptEnv?.());
      session.on("exec", (acceptExec, reject, { command }) => {
        const [, repository] = READ.exec(command) ?? [];
        if (repository) read(folder, repository, acceptExec());
        else reject();
      });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ssh://git@${address}:${port}/`,
    knownHost: `[${address}]:${port} ${hostKey.public.trim().split(" ").slice(0, 2).join(" ")}`,
    close: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function read(cwd: string, repository: string, channel: ServerChannel): void {
  // Git refuses repositories of other users, and asks for the home folder to find that out.
  const git = spawn("git", ["upload-pack", repository], { cwd, env: { PATH: process.env.PATH, HOME: cwd } });
  channel.on("error", () => undefined).pipe(git.stdin);
  git.stdin.on("error", () => undefined);
  git.stdout.pipe(channel, { end: false });
  git.stderr.pipe(channel.stderr, { end: false });
  git.once("close", (code) => {
    channel.exit(code ?? 1);
    channel.end();
  });
}

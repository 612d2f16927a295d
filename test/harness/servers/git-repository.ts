import { spawn } from "node:child_process";
import { cp, mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { serveGitOverSsh, type SshGitServer } from "./git-over-ssh";

export interface GitLogin {
  username: string;
  password: string;
}

const NAME = "gitops.git";

/** A Git repository over HTTP, by Git's own http-backend, or over SSH, with a working copy to commit from. */
export class GitRepository {
  private server?: http.Server;
  private ssh?: SshGitServer;
  private login?: GitLogin;

  private constructor(private readonly folder: string) {}

  /** A repository whose branch `main` has one commit with the files of a folder. */
  static async of(files: string): Promise<GitRepository> {
    const repository = new GitRepository(await mkdtemp(path.join(os.tmpdir(), "homelab-git-")));
    await repository.git(repository.folder, "init", "--quiet", "--bare", "--initial-branch=main", NAME);
    await repository.git(repository.folder, "init", "--quiet", "--initial-branch=main", "work");
    await cp(files, repository.work, { recursive: true });
    await repository.commit("The files");
    return repository;
  }

  /** Where changes are made before `commit`. */
  get work(): string {
    return path.join(this.folder, "work");
  }

  /** Commits all changes and answers the commit. */
  async commit(message: string): Promise<string> {
    await this.git(this.work, "add", "--all");
    await this.git(this.work, "commit", "--quiet", "-m", message);
    await this.git(this.work, "push", "--quiet", path.join(this.folder, NAME), "main");
    return (await this.git(this.work, "rev-parse", "HEAD")).trim();
  }

  /** Serves it at an address of this workstation, to everybody or behind a login, and answers its URL. */
  async serve(address: string, login?: GitLogin): Promise<string> {
    this.login = login;
    const server = http.createServer((request, response) => this.answer(request, response));
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, address, resolve);
    });
    return `http://${address}:${(server.address() as AddressInfo).port}/${NAME}`;
  }

  /** Serves it over SSH to whoever has the key of this public one; answers its URL, and the server's line for known_hosts. */
  async serveSsh(address: string, authorizedKey: string): Promise<{ url: string; knownHost: string }> {
    this.ssh = await serveGitOverSsh(this.folder, address, authorizedKey);
    return { url: `${this.ssh.url}${NAME}`, knownHost: this.ssh.knownHost };
  }

  async remove(): Promise<void> {
    await this.ssh?.close();
    const { server } = this;
    if (server) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.login && request.headers.authorization !== basic(this.login)) {
      response.writeHead(401, { "WWW-Authenticate": 'Basic realm="git"' }).end();
      return;
    }
    const url = new URL(request.url ?? "/", "http://git");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: process.env.PATH,
        GIT_PROJECT_ROOT: this.folder,
        GIT_HTTP_EXPORT_ALL: "1",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        // It refuses repositories of other users, and asks for the home folder to find that out.
        HOME: this.folder,
        REQUEST_METHOD: request.method,
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    request.pipe(backend.stdin);
    backend.stdin.on("error", () => undefined);
    const parts: Buffer[] = [];
    backend.stdout.on("data", (part: Buffer) => parts.push(part));
    backend.once("close", () => {
      const { status, headers, body } = readCgi(Buffer.concat(parts));
      response.writeHead(status, headers).end(body);
    });
  }

  private async git(cwd: string, ...args: string[]): Promise<string> {
    const author = { GIT_AUTHOR_NAME: "test", GIT_AUTHOR_EMAIL: "test@homelab", HOME: this.folder };
    const committer = { GIT_COMMITTER_NAME: "test", GIT_COMMITTER_EMAIL: "test@homelab" };
    return (await execa("git", args, { cwd, env: { ...author, ...committer } })).stdout;
  }
}

function basic({ username, password }: GitLogin): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

/** What a CGI program prints: headers, an empty line, the body. */
function readCgi(output: Buffer): { status: number; headers: Record<string, string>; body: Buffer } {
  const end = output.indexOf("\r\n\r\n");
  const lines = output.subarray(0, Math.max(end, 0)).toString().split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(":", 1)[0] ?? "", line.replace(/^[^:]*:\s*/, "")]),
  );
  const { Status: status = "200", ...others } = headers;
  return { status: Number.parseInt(status, 10), headers: end < 0 ? {} : others, body: output.subarray(end + 4) };
}

import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import execa from "execa";
import { dump } from "js-yaml";
import { KubernetesApi, type Method } from "../../../components/cluster/kubernetes-api";
import { ensureAllBinaries, ensureBinaries } from "../../../lab/build/binaries";
import { freePort } from "../servers/free-port";
import { ServiceProcess } from "./service-process";

const START_SECONDS = 60;
/** Where scripts on a control plane find the administrator's kubeconfig. */
const ADMIN = "/etc/kubernetes/admin.conf";

/**
 * A control plane without machines: etcd, the API server, the controllers and the scheduler of the pinned version, as plain
 * processes on loopback. There is no kubelet: a pod that is scheduled stays Pending until the test says otherwise.
 * Each has a folder and ports of its own. It needs no root.
 */
export class ApiServer {
  /** For whoever wants a kubeconfig's text: it is an administrator's. */
  readonly kubeconfig: string;
  private readonly api: KubernetesApi;

  private constructor(
    readonly folder: string,
    readonly port: number,
    token: string,
    authority: string,
    private readonly processes: readonly ServiceProcess[],
  ) {
    this.kubeconfig = kubeconfig(port, token, authority);
    this.api = new KubernetesApi(this.kubeconfig);
  }

  /** The file that holds `kubeconfig`. */
  private get kubeconfigFile(): string {
    return path.join(this.folder, "kubeconfig");
  }

  static async start(): Promise<ApiServer> {
    const { etcd, kubernetes } = await ensureAllBinaries(["etcd", "kubernetes"]);
    const folder = await mkdtemp(path.join(os.tmpdir(), "homelab-api-"));
    const processes: ServiceProcess[] = [];
    const run = (program: string, args: string[]) => {
      const name = path.basename(program);
      processes.push(ServiceProcess.start(name, program, args, path.join(folder, `${name}.log`)));
    };
    try {
      const [port, token, store] = [await freePort(), randomUUID(), await freeAddress()];
      await writeFile(path.join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const key = privateKey.export({ type: "pkcs8", format: "pem" });
      await writeFile(path.join(folder, "service-accounts.key"), key, { mode: 0o600 });
      run(path.join(etcd, "etcd"), etcdArguments(folder, store, await freeAddress()));
      run(path.join(kubernetes, "kube-apiserver"), serverArguments(folder, store, port));
      const server = await ApiServer.reached(folder, port, token, processes);
      const file = server.kubeconfigFile;
      await writeFile(file, server.kubeconfig, { mode: 0o600 });
      run(path.join(kubernetes, "kube-controller-manager"), controllerArguments(folder, file, await freePort()));
      run(path.join(kubernetes, "kube-scheduler"), schedulerArguments(file, await freePort()));
      await server.usable();
      return server;
    } catch (error) {
      await endAll(processes, folder);
      throw error;
    }
  }

  private static async reached(
    folder: string,
    port: number,
    token: string,
    processes: readonly ServiceProcess[],
  ): Promise<ApiServer> {
    let server: ApiServer | undefined;
    const [, api] = processes as [ServiceProcess, ServiceProcess];
    await api.serving(async () => {
      // It makes its certificate itself, and the file holds the authority too.
      const authority = await readFile(path.join(folder, "certificates", "apiserver.crt"), "utf8");
      server ??= new ApiServer(folder, port, token, authority, processes);
      return (await server.request("GET", "/readyz")) === "ok";
    }, START_SECONDS);
    return server as ApiServer;
  }

  /** Without its service account a namespace takes no pods; the controllers make it. */
  private async usable(): Promise<void> {
    const controllers = this.processes.find(({ name }) => name === "kube-controller-manager") as ServiceProcess;
    const account = "/api/v1/namespaces/default/serviceaccounts/default";
    await controllers.serving(async () => Boolean(await this.request("GET", account)), START_SECONDS);
  }

  /**
   * One request of the API. Answers the object; text where the answer is no JSON.
   *
   * @param body an object; with PATCH a merge patch
   * @throws ApiRefusal with the server's code and its words
   */
  async request<T = unknown>(method: Method, at: string, body?: object): Promise<T> {
    const text = await this.api.request(method, at, {}, body);
    return (text.startsWith("{") ? JSON.parse(text) : text) as T;
  }

  /**
   * Runs a script that is for a control plane: with the real kubectl, as this server's administrator.
   *
   * @param kubeconfig another file in place of the administrator's
   */
  async run(
    script: string,
    kubeconfig = this.kubeconfigFile,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const [programs, cache] = [await ensureBinaries("kubernetes"), `${this.folder}/cache`];
    const input = script
      .replaceAll(ADMIN, kubeconfig)
      .replace("KUBECACHEDIR=/run/homelab-kubectl", `KUBECACHEDIR=${cache}`)
      .replace(/\bPATH=/, `PATH=${programs}:`);
    const env = { PATH: `${programs}:${process.env.PATH ?? ""}`, KUBECACHEDIR: cache };
    const { exitCode, stdout, stderr } = await execa("bash", ["-s"], { input, env, reject: false });
    return { exitCode, stdout, stderr };
  }

  /** Ends its processes, and takes its folder away. */
  async end(): Promise<void> {
    this.api.close();
    await endAll(this.processes, this.folder);
  }
}

async function freeAddress(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

/** In the opposite order of their start: each needs the ones before it. */
async function endAll(processes: readonly ServiceProcess[], folder: string): Promise<void> {
  for (const process of [...processes].reverse()) await process.end();
  await rm(folder, { recursive: true, force: true });
}

function etcdArguments(folder: string, clients: string, peers: string): string[] {
  return [
    ...[`--data-dir=${folder}/etcd`, "--unsafe-no-fsync", "--log-level=warn"],
    ...[`--listen-client-urls=${clients}`, `--advertise-client-urls=${clients}`],
    ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`],
    `--initial-cluster=default=${peers}`,
  ];
}

function serverArguments(folder: string, store: string, port: number): string[] {
  const key = path.join(folder, "service-accounts.key");
  return [
    ...[`--etcd-servers=${store}`, `--cert-dir=${folder}/certificates`],
    ...["--bind-address=127.0.0.1", `--secure-port=${port}`, "--service-cluster-ip-range=10.96.0.0/16"],
    ...[`--token-auth-file=${folder}/tokens.csv`, "--authorization-mode=RBAC", "--allow-privileged=true"],
    ...[`--service-account-key-file=${key}`, `--service-account-signing-key-file=${key}`],
    "--service-account-issuer=https://kubernetes.default.svc",
    // The service account's default token is of no use without pods, and no other controller's work is simulated.
    "--endpoint-reconciler-type=none",
  ];
}

function controllerArguments(folder: string, file: string, port: number): string[] {
  return [
    ...[`--kubeconfig=${file}`, "--leader-elect=false", "--bind-address=127.0.0.1", `--secure-port=${port}`],
    ...[`--service-account-private-key-file=${folder}/service-accounts.key`, `--cert-dir=${folder}/controllers`],
    // A node whose kubelet doesn't speak stays as the test says it is.
    "--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-node-route-controller",
  ];
}

function schedulerArguments(file: string, port: number): string[] {
  return [`--kubeconfig=${file}`, "--leader-elect=false", "--bind-address=127.0.0.1", `--secure-port=${port}`];
}

function kubeconfig(port: number, token: string, authority: string): string {
  const ca = Buffer.from(authority).toString("base64");
  return dump({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: `https://127.0.0.1:${port}`, "certificate-authority-data": ca } }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}

import type { Application } from "../../providers/argocd/applications";
import type { Kubectl } from "../harness/api/kubectl";
import type { LabStack } from "../harness/stacks/lab-stack";

/** What a cluster shows of Argo CD, and of the sample app in `examples/gitops` that it deploys. */
export class ArgocdView {
  constructor(
    private readonly stack: LabStack,
    private readonly kubectl: Kubectl,
  ) {}

  async application(name: string): Promise<Application> {
    return this.kubectl.json<Application>("-n", "argocd", "get", "application", name);
  }

  /** Whether an Application is Synced and Healthy. */
  async isSynced(name: string): Promise<boolean> {
    return isDone(await this.application(name));
  }

  /** The Applications that are Synced and Healthy, by name. */
  async synced(): Promise<string[]> {
    const { items } = await this.kubectl.json<{ items: Application[] }>("-n", "argocd", "get", "applications");
    return items.filter(isDone).map(({ metadata }) => metadata.name);
  }

  /** What Argo CD answers to a login of its admin. */
  async logIn(password: string): Promise<string> {
    const body = JSON.stringify({ username: "admin", password });
    const address = `https://${await this.clusterIp("argocd", "argocd-server")}/api/v1/session`;
    const json = "Content-Type: application/json";
    return this.stack.machine(0).run(`curl -ksS --max-time 10 -H '${json}' ${address} -d '${body}'`);
  }

  /** What the sample app answers on the control plane. */
  async sampleAnswer(): Promise<string> {
    const address = await this.clusterIp("hello", "hello");
    return (await this.stack.machine(0).run(`curl -fsS --max-time 5 http://${address}`)).trim();
  }

  /** A field of the sample app's Deployment, by its JSONPath. */
  async sampleField(jsonpath: string): Promise<string> {
    return this.kubectl.run("-n", "hello", "get", "deployment", "hello", "-o", `jsonpath={${jsonpath}}`);
  }

  private async clusterIp(namespace: string, service: string): Promise<string> {
    return this.kubectl.run("-n", namespace, "get", "service", service, "-o", "jsonpath={.spec.clusterIP}");
  }
}

function isDone({ status }: Application): boolean {
  return status?.sync?.status === "Synced" && status.health?.status === "Healthy";
}

/** An Application that was made by hand: neither the program nor Argo CD deletes it. */
export function strayApplication(repoURL: string): object {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name: "stray", namespace: "argocd", finalizers: ["resources-finalizer.argocd.argoproj.io"] },
    spec: {
      project: "default",
      source: { repoURL, path: "infrastructure/namespaces", targetRevision: "main" },
      destination: { server: "https://kubernetes.default.svc", namespace: "default" },
    },
  };
}

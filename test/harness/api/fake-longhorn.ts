import { load } from "js-yaml";
import { ApiRefusal } from "../../../components/cluster/kubernetes-api";
import { repeat } from "../eventually";
import type { ApiServer } from "./api-server";
import type { FakeNodes } from "./fake-nodes";

const NAMESPACE = "longhorn-system";
const FLAG = "deleting-confirmation-flag";
const SETTINGS = `/apis/longhorn.io/v1beta2/namespaces/${NAMESPACE}/settings`;
const NODES = `/apis/longhorn.io/v1beta2/namespaces/${NAMESPACE}/nodes`;
const CLASSES = "/apis/storage.k8s.io/v1/storageclasses";
const MANAGER = `/apis/apps/v1/namespaces/${NAMESPACE}/daemonsets/longhorn-manager`;
const EVERY_MS = 250;

interface Found {
  metadata: { name: string };
}

/**
 * The part of Longhorn's manager and of its uninstall job that the API server sees, as longhorn-manager 1.12 does it
 * (controller/kubernetes_configmap_controller.go, datastore/longhorn.go, controller/uninstall_controller.go):
 *
 * - while the manager runs, every change of the ConfigMap longhorn-default-setting goes to the Setting objects;
 * - its objects hold finalizers, which only Longhorn removes;
 * - the job reads the Setting, not the ConfigMap, and refuses unless that is true.
 */
export class FakeLonghorn {
  /** What the job did, in its order. */
  readonly log: string[] = [];
  private playing?: ReturnType<typeof repeat>;
  private seen = "";

  private constructor(private readonly api: ApiServer) {}

  static start(api: ApiServer, nodes: FakeNodes): FakeLonghorn {
    const longhorn = new FakeLonghorn(api);
    nodes.work["longhorn-uninstall"] = () => longhorn.uninstall();
    // Before it is installed and while it goes away there is nothing to manage.
    longhorn.playing = repeat(() => longhorn.manage().catch(() => undefined), EVERY_MS);
    return longhorn;
  }

  async stop(): Promise<void> {
    await this.playing?.stop();
  }

  /** As its page or kubectl does it. */
  async confirm(value: boolean): Promise<void> {
    await this.api.request("PATCH", `${SETTINGS}/${FLAG}`, { value: String(value) });
  }

  async confirmed(): Promise<boolean> {
    return (await this.api.request<{ value: string }>("GET", `${SETTINGS}/${FLAG}`)).value === "true";
  }

  private async manage(): Promise<void> {
    const { status, metadata } = await this.api.request<{
      metadata: { deletionTimestamp?: string };
      status: { numberReady?: number };
    }>("GET", MANAGER);
    if (!status.numberReady || metadata.deletionTimestamp) return;
    const [defaults, storageClass] = await Promise.all([
      this.configMap("longhorn-default-setting"),
      this.configMap("longhorn-storageclass"),
    ]);
    const version = [defaults, storageClass].map((map) => map.metadata.resourceVersion).join();
    if (version === this.seen) return;
    const settings = load(defaults.data["default-setting.yaml"] ?? "") as Record<string, unknown>;
    await this.put(SETTINGS, { apiVersion: "longhorn.io/v1beta2", kind: "Setting" }, FLAG, {
      value: String(settings[FLAG]),
    });
    await this.put(NODES, { apiVersion: "longhorn.io/v1beta2", kind: "Node" }, "worker1", {
      metadata: { name: "worker1", finalizers: ["longhorn.io"] },
    });
    await this.api.request("DELETE", `${CLASSES}/longhorn`).catch(unlessNotThere);
    await this.api.request("POST", CLASSES, load(storageClass.data["storageclass.yaml"] ?? "") as object);
    this.seen = version;
  }

  private configMap(name: string) {
    return this.api.request<{ metadata: { resourceVersion: string }; data: Record<string, string> }>(
      "GET",
      `/api/v1/namespaces/${NAMESPACE}/configmaps/${name}`,
    );
  }

  private async put(at: string, kind: object, name: string, fields: object): Promise<void> {
    const made = { ...kind, metadata: { name }, ...fields };
    await this.api.request("POST", at, made).catch(async (error: unknown) => {
      if (!(error instanceof ApiRefusal && error.status === 409)) throw error;
      await this.api.request("PATCH", `${at}/${name}`, fields);
    });
  }

  private async uninstall(): Promise<boolean> {
    if (!(await this.confirmed())) {
      this.log.push("refused: deleting-confirmation-flag is not true");
      return false;
    }
    const { items } = await this.api.request<{ items: Found[] }>("GET", NODES);
    for (const { metadata } of items) {
      await this.api.request("PATCH", `${NODES}/${metadata.name}`, { metadata: { finalizers: [] } });
      await this.api.request("DELETE", `${NODES}/${metadata.name}`);
    }
    await this.api.request("DELETE", MANAGER);
    await this.api.request("DELETE", `${CLASSES}/longhorn`).catch(unlessNotThere);
    this.seen = "";
    this.log.push("emptied");
    return true;
  }
}

function unlessNotThere(error: unknown): void {
  if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
}

import type { CheckContext } from "./check";
import { poll } from "../providers/poll";
import type { Pod, Taint } from "./kubernetes-objects";

/** The user of the checks' pods, without rights. */
const USER = 65_534;

export interface OwnPodArgs {
  name: string;
  image: string;
  /** For `sh -c`. */
  script: string;
  labels?: Record<string, string>;
  /** Where it must run; by default the scheduler chooses. */
  nodeName?: string;
  /** Of the node, where it is there in spite of them. */
  tolerated?: readonly Taint[];
  /** The node's own name servers in place of the cluster's. */
  nodeDns?: boolean;
  /** A claim that is mounted at `/data`. */
  claim?: string;
  /** A node that it should rather not run on. */
  ratherNotOn?: string;
}

/** A pod that may do nothing but run a shell: it passes the `restricted` standard, and does not start again when it ends. */
export function ownPod(args: OwnPodArgs): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: args.name, labels: args.labels },
    spec: {
      nodeName: args.nodeName,
      tolerations: args.tolerated?.map(toleration),
      affinity: args.ratherNotOn && ratherNot(args.ratherNotOn),
      dnsPolicy: args.nodeDns ? "Default" : "ClusterFirst",
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: USER,
        runAsGroup: USER,
        fsGroup: USER,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [container(args)],
      volumes: [
        { name: "check", emptyDir: {} },
        ...(args.claim ? [{ name: "data", persistentVolumeClaim: { claimName: args.claim } }] : []),
      ],
    },
  };
}

function container({ image, script, claim }: OwnPodArgs): object {
  return {
    name: "check",
    image,
    imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", script],
    workingDir: "/check",
    resources: { requests: { cpu: "5m", memory: "8Mi" }, limits: { memory: "64Mi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "check", mountPath: "/check" }, ...(claim ? [{ name: "data", mountPath: "/data" }] : [])],
  };
}

function toleration({ key, value, effect }: Taint): object {
  return value ? { key, operator: "Equal", value, effect } : { key, operator: "Exists", effect };
}

function ratherNot(node: string): object {
  const expression = { key: "kubernetes.io/hostname", operator: "NotIn", values: [node] };
  const preference = { matchExpressions: [expression] };
  return { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } };
}

/** Waits for pods, until each is as `isDone` says or the time is over. Answers all of them as they were seen last. */
export async function waitForPods(
  { access, namespace, signal }: CheckContext,
  names: readonly string[],
  isDone: (pod: Pod) => boolean,
  limitSeconds: number,
): Promise<Pod[]> {
  const path = await namespace.path("pods");
  let pods: Pod[] = [];
  await poll(
    async () => {
      pods = (await access.api.list<Pod>(path)).filter(({ metadata }) => names.includes(metadata.name));
      return pods.length === names.length && pods.every(isDone) ? true : undefined;
    },
    { limitSeconds, signal },
  );
  return pods;
}

export const isRunning = ({ status }: Pod): boolean => status.phase === "Running" && Boolean(status.podIP);
export const hasEnded = ({ status }: Pod): boolean => status.phase === "Succeeded" || status.phase === "Failed";

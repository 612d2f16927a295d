import { dump } from "js-yaml";
import { checkImage } from "../../../versions";

const PORT = 8080;

/**
 * One web server and one client, on a node each, and a service in front of the server. Every answer of the server is its
 * name. The client can reach other pods, services and DNS only through the network under test.
 */
export function workload(serverNode: string, clientNode: string): string {
  return [
    pod(
      "server",
      serverNode,
      `mkdir -p /tmp/www; echo server >/tmp/www/index.html; ${untilAsked(`httpd -f -p ${PORT} -h /tmp/www`)}`,
    ),
    pod("client", clientNode, untilAsked("sleep 86400")),
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "server" },
      spec: {
        selector: { app: "server" },
        ports: [{ port: 80, targetPort: PORT }],
      },
    },
  ]
    .map((object) => dump(object))
    .join("---\n");
}

/**
 * Shell commands that run a program until the container is asked to end. A program that is the first in its container gets no
 * SIGTERM that it doesn't handle: its node would wait a minute and a half for it when it restarts.
 */
export function untilAsked(program: string): string {
  return `trap exit TERM; ${program} & wait`;
}

function pod(name: string, nodeName: string, script: string): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: "Exists" }],
      containers: [{ name, image: checkImage, command: ["sh", "-c", script] }],
    },
  };
}

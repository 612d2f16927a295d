import * as net from "node:net";
import type { StackState } from "../../../checks/stack-state";
import { answers, withoutObjects } from "../../../cli/lost-cluster";

const urn = (type: string, name: string) => `urn:pulumi:metal::homelab::${type}::${name}`;
const RELEASE = "kubernetes:helm.sh/v3:Release";
const HOST = "pulumi-nodejs:dynamic/metal:Host";
const APPLICATIONS = "pulumi-nodejs:dynamic/argocd:Applications";

const release = { urn: urn(RELEASE, "argocd-release"), type: RELEASE, dependencies: [urn(HOST, "cp1")] };
const host = { urn: urn(HOST, "cp1"), type: HOST };
const applications = {
  urn: urn(APPLICATIONS, "argocd-applications"),
  type: APPLICATIONS,
  dependencies: [release.urn, host.urn],
  propertyDependencies: { cluster: [release.urn, host.urn] },
};
const network = { urn: urn(RELEASE, "cilium-release"), type: RELEASE, deletedWith: host.urn };
const state: StackState = { deployment: { resources: [host, release, network, applications] } };

test("destroy-host-gone / API gone: the state forgets what only the API server could delete, and nothing else", () => {
  const { state: left, forgotten } = withoutObjects(state);
  expect(forgotten).toEqual(["argocd-release"]);
  expect(left.deployment.resources).toEqual([
    host,
    network,
    { ...applications, dependencies: [host.urn], propertyDependencies: { cluster: [host.urn] } },
  ]);
  expect(withoutObjects(left)).toEqual({ state: left, forgotten: [] });
});

test("an API server that comes back within the limit is there; one that doesn't is gone", async () => {
  const server = net.createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const url = new URL(`https://127.0.0.1:${port}`);
  const times = { limit: 2, connect: 1, pause: 0.05 };
  expect(await answers(url, times)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  const later = setTimeout(() => server.listen(port, "127.0.0.1"), 300);
  expect(await answers(url, times)).toBe(true);
  clearTimeout(later);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers(url, { ...times, limit: 0.2 })).toBe(false);
});

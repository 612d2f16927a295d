import path from "node:path";
import { ciliumChecksScript } from "../../components/addons/cilium/scripts";
import { libraryText } from "../../providers/host/shell/library";
import { ApiServer } from "../harness/api/api-server";

/** Whether Cilium may be installed, by what a real API server has. */

jest.setTimeout(3 * 60_000);

const DAEMON_SETS = "/apis/apps/v1/namespaces/kube-system/daemonsets";
let api: ApiServer;

beforeAll(async () => {
  api = await ApiServer.start();
});

afterAll(async () => {
  await api?.end();
});

/** How the check ends with these values, by the real kubectl. */
async function check(kubeProxyReplacement: unknown, kubeconfig?: string) {
  const commands = ciliumChecksScript({ kubeProxyReplacement });
  expect(commands.includes("kubectl -n kube-system get")).toBe(kubeProxyReplacement !== false);
  return api.run(["set -euo pipefail", "host=cp1 step=test", libraryText(), commands].join("\n"), kubeconfig);
}

const passed = { exitCode: 0, stdout: "", stderr: "" };

/** A DaemonSet as `kubeadm` and others label it. */
function daemonSet(name: string, app: string) {
  const labels = { "k8s-app": app };
  const containers = [{ name, image: `registry.k8s.io/${name}` }];
  const template = { metadata: { labels }, spec: { containers } };
  return { metadata: { name, labels }, spec: { selector: { matchLabels: labels }, template } };
}

test("Cilium is installed where other DaemonSets run, and no kube-proxy", async () => {
  await api.request("POST", DAEMON_SETS, daemonSet("kube-router", "kube-router"));
  expect(await check(true)).toEqual(passed);
});

test("beside a kube-proxy it is refused, with what was found and how to remove it, until that is gone", async () => {
  await api.request("POST", DAEMON_SETS, daemonSet("kube-proxy", "kube-proxy"));
  const { exitCode, stdout, stderr } = await check(true);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
  expect(stderr).toMatch(
    /^daemonset\.apps\/kube-proxy\ncp1: test: there is a kube-proxy \(above\), and Cilium would do the same work beside it: .*; remove it with 'kubectl -n kube-system delete daemonset\/kube-proxy configmap\/kube-proxy' .*addons\.cilium\.values\.kubeProxyReplacement: false$/,
  );
  expect(await check(false)).toEqual(passed);

  await api.request("DELETE", `${DAEMON_SETS}/kube-proxy`);
  expect(await check(true)).toEqual(passed);
});

test("a kube-proxy that runs as a pod of its own is found too", async () => {
  const { metadata, spec } = daemonSet("kube-proxy", "kube-proxy");
  const pod = { metadata, spec: { ...spec.template.spec, automountServiceAccountToken: false } };
  await api.request("POST", "/api/v1/namespaces/kube-system/pods", pod);
  const { exitCode, stderr } = await check(true);
  expect({ exitCode, found: stderr.split("\n")[0] }).toEqual({ exitCode: 1, found: "pod/kube-proxy" });
});

test("an API server that can't be asked is not taken for one without a kube-proxy", async () => {
  const { exitCode, stderr } = await check(true, path.join(api.folder, "no-kubeconfig"));
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/the cluster can't be asked for a kube-proxy; see the message above$/);
});

import { whyNoAddon } from "../../lab/addons/mirror";
import { LabTailnet, type TailnetDevice } from "../../lab/tailscale/tailnet";
import { versions } from "../../versions";
import { eventually } from "../harness/eventually";
import { Kubectl } from "../harness/api/kubectl";
import { freePort } from "../harness/servers/free-port";
import type { LabStack } from "../harness/stacks/lab-stack";
import { KeyWatch } from "../harness/machines/key-watch";

const CLIENT = { id: "k123CNTRL", secret: "tskey-client-c4n4ry" };
const LOGIN_SECONDS = 60;
/** A proxy's pod is started, and logs in. */
const PROXY_SECONDS = 180;

let stack: LabStack;
let kubectl: Kubectl;
let tailnet: LabTailnet;
let watch: KeyWatch;
/** Names of the devices that the stack has. */
let operator: string;
let node: string;

interface Tailscale {
  enabled: boolean;
  oauth: { clientId: string; clientSecret?: unknown };
  machines: { enabled: boolean };
  apiServerProxy?: boolean;
  ingress?: { argocd: boolean };
}

async function change(edit: (tailscale: Tailscale) => void): Promise<void> {
  await stack.change((settings) => edit((settings["homelab:addons"] as { tailscale: Tailscale }).tailscale));
}

async function device(name: string): Promise<TailnetDevice> {
  const found = (await tailnet.look()).devices.find((one) => one.name.startsWith(`${name}.`));
  if (!found) throw new Error(`the tailnet has no device ${name}`);
  return found;
}

const connected = (name: string, seconds: number) =>
  eventually(async () => (await device(name)).connectedToControl, seconds);

/** From the machine, through the tunnel between both. */
async function reaches(name: string): Promise<boolean> {
  const [address] = (await device(name)).addresses;
  return stack.machine(0).succeeds(`tailscale ping --tsmp --timeout=10s --c=3 ${address}`);
}

const operatorPod = (...args: string[]) =>
  kubectl.run("-n", "tailscale", "get", "deployment", "operator", ...args, "--ignore-not-found");

/** Why Tailscale can't be tested here. */
export const withoutTailscale = whyNoAddon("tailscale") ?? whyNoAddon("argocd");

/** Names of the devices in the tailnet; none where it was never started. */
export async function deviceNames(): Promise<string[]> {
  return withoutTailscale ? [] : tailnet.names();
}

/** Ends the tailnet, once the stack is gone that has devices in it. */
export async function stopTailnet(): Promise<void> {
  await tailnet?.stop();
}

/** Tailscale in a running cluster of one machine: the tests of one `describe`. When they end, it is switched on. */
export function tailscaleChecks(stackUnderTest: () => LabStack): void {
  beforeAll(async () => {
    stack = stackUnderTest();
    kubectl = await Kubectl.of(stack);
    // The machines' bridge is there only now.
    tailnet = await LabTailnet.start(`${stack.network}.1:${await freePort()}`);
    await tailnet.addClient(CLIENT.id, CLIENT.secret);
    [operator, node] = [`${stack.name}-operator`, `${stack.name}-${stack.machine(0).name}`];
    watch = await KeyWatch.on(stack.machine(0));
  });

  test("switched on in a running cluster, the operator logs in with its name and tag, in a namespace that may have its proxies", async () => {
    await stack.change((settings) => {
      const tailscale = { loginServer: tailnet.url, oauth: { clientId: CLIENT.id }, machines: { enabled: true } };
      (settings["homelab:addons"] as Record<string, unknown>).tailscale = { enabled: true, ...tailscale };
    });
    await stack.setSecrets([["homelab:addons.tailscale.oauth.clientSecret", CLIENT.secret]]);
    await stack.up();
    expect(await connected(operator, LOGIN_SECONDS)).toBe(true);
    expect(await device(operator)).toMatchObject({ hostname: operator, tags: ["tag:k8s-operator"] });
    expect(await operatorPod("-o", "jsonpath={.status.readyReplicas}")).toBe("1");
    expect(await kubectl.run("get", "namespace", "tailscale", "-o", "jsonpath={.metadata.labels}")).toContain(
      '"pod-security.kubernetes.io/enforce":"privileged"',
    );
    expect(await stack.output<Record<string, string>>("versions")).toMatchObject({
      "tailscale-operator": versions.tailscale,
    });
    expect(await stack.exportedState()).not.toContain(CLIENT.secret);
  });

  test("the machine runs the real tailscaled, with its name and tag, and no key was to be seen on it", async () => {
    expect(await connected(node, LOGIN_SECONDS)).toBe(true);
    expect(await device(node)).toMatchObject({ hostname: node, tags: ["tag:k8s-node"] });
    expect(await stack.machine(0).run("tailscale version")).toContain(versions.tailscale);
    expect(await watch.seen()).toEqual(["planted"]);
    const { keys, madeKeys } = await tailnet.look();
    expect([keys, madeKeys.length >= 2]).toEqual([[], true]);
    expect(await reaches(operator)).toBe(true);
  });

  test("a second run plans nothing, on another workstation too, and after a refresh", async () => {
    expect(await stack.plan()).toEqual([]);
    const { requests } = await tailnet.look();
    expect(await stack.planOnOtherWorkstation()).toEqual([]);
    expect((await tailnet.look()).requests.filter((one) => one.includes("/api/"))).toEqual(
      requests.filter((one) => one.includes("/api/")),
    );
    await stack.refresh();
    expect(await stack.plan()).toEqual([]);
  });

  test("Argo CD's page gets a proxy and a device of its own, and its name in the tailnet; without it both are gone", async () => {
    const page = `${stack.name}-argocd`;
    const show = async (on: boolean) => {
      await stack.change((settings) => {
        const addons = settings["homelab:addons"] as Record<string, object> & { tailscale: Tailscale };
        addons.argocd = { enabled: on };
        addons.tailscale.ingress = { argocd: on };
      });
      await stack.up();
    };
    await show(true);
    expect(await connected(page, PROXY_SECONDS)).toBe(true);
    expect(await device(page)).toMatchObject({ tags: ["tag:k8s"] });
    const status = () =>
      kubectl.run("-n", "argocd", "get", "ingress", "-o", "jsonpath={.items[*].status.loadBalancer.ingress}");
    const { name } = await device(page);
    expect(await eventually(async () => (await status()).includes(name), LOGIN_SECONDS)).toBe(true);
    expect(await reaches(page)).toBe(true);
    expect(await stack.plan()).toEqual([]);
    await show(false);
    expect(await tailnet.names()).toEqual([node, operator].sort());
  });

  test("the API server is reached through the tailnet from the moment its switch is on", async () => {
    const [{ nodeId, addresses }, machine] = [await device(operator), stack.machine(0)];
    const answers = () => machine.succeeds(`timeout 10 tailscale nc ${addresses[0]} 443 </dev/null`);
    expect(await answers()).toBe(false);
    await change((tailscale) => (tailscale.apiServerProxy = true));
    await stack.up();
    expect(await eventually(answers, LOGIN_SECONDS)).toBe(true);
    // It is the same device still: the operator was restarted, and remembers its login.
    expect((await device(operator)).nodeId).toBe(nodeId);
    expect(await tailnet.names()).toEqual([node, operator].sort());
  });

  test("tailscale-dup-device / expired OAuth: an OAuth client that is refused is named with its setting, and what is healthy stays so", async () => {
    await tailnet.removeClient(CLIENT.id);
    expect(await stack.plan()).toEqual([]);
    await stack.up();
    await change(({ oauth }) => (oauth.clientId = "k456CNTRL"));
    const { exitCode, output } = await stack.tryUp();
    expect(exitCode).not.toBe(0);
    expect(output).toMatch(/tailnet: .*OAuth client k456CNTRL \(addons\.tailscale\.oauth\) failed: .*401.*expired/s);
    expect(output).not.toContain(CLIENT.secret);
    expect(await operatorPod("-o", "jsonpath={.status.readyReplicas}")).toBe("1");
    expect([await connected(operator, 1), await connected(node, 1)]).toEqual([true, true]);

    await tailnet.addClient(CLIENT.id, CLIENT.secret);
    await change(({ oauth }) => (oauth.clientId = CLIENT.id));
    await stack.up();
    expect(await stack.plan()).toEqual([]);
  });

  test("tailscale-dup-device / expired OAuth: switched off, no device, object or login is left; recreated, all have the old ones' names", async () => {
    await change((tailscale) => {
      tailscale.enabled = false;
      tailscale.machines.enabled = false;
    });
    await stack.up();
    expect(await tailnet.names()).toEqual([]);
    expect(await kubectl.run("get", "namespace", "tailscale", "--ignore-not-found", "-o", "name")).toBe("");
    expect(await kubectl.run("get", "ingressclass,crd,clusterrole", "-o", "name")).not.toContain("tailscale");
    const machine = stack.machine(0);
    expect(await machine.run("systemctl is-enabled tailscaled || true; systemctl is-active tailscaled || true")).toBe(
      "disabled\ninactive",
    );
    expect(await machine.succeeds("[ -e /var/lib/tailscale/tailscaled.state ]")).toBe(false);
    expect(await stack.plan()).toEqual([]);

    await change((tailscale) => {
      tailscale.enabled = true;
      tailscale.machines.enabled = true;
    });
    await stack.up();
    expect(await connected(operator, LOGIN_SECONDS)).toBe(true);
    expect(await connected(node, LOGIN_SECONDS)).toBe(true);
    expect(await tailnet.names()).toEqual([node, operator].sort());
  });
}

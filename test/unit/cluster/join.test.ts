import { difference } from "../../../providers/driver";
import { joinDriver, parseJoinCommand, type JoinInputs } from "../../../providers/kubeadm/join-driver";
import { initScript } from "../../../components/cluster/init-script";
import {
  awaitSilentNodeScript,
  joinScript,
  knownNodeScript,
  kubeletSettingsScript,
  leaveScript,
  prepareJoinScript,
  removeNodeScript,
} from "../../../providers/kubeadm/join-script";
import { stepScript } from "../../../providers/host/shell/script";
import { testShellcheck, withLibrary } from "../../harness/shellcheck";

const HASH = `sha256:${"a1".repeat(32)}`;
const target = {
  name: "w1",
  host: "10.90.0.12",
  port: 22,
  user: "homelab",
  privateKey: "key",
  hostKey: "ssh-ed25519 A",
};
const inputs: JoinInputs = {
  nodeName: "w1",
  node: target,
  controlPlane: { ...target, name: "cp1" },
  incarnation: "1",
  cluster: "c1",
  config: { kind: "JoinConfiguration" },
  kubeletPatch: "",
};

test("kubeadm's join command is taken apart", () => {
  const text = `kubeadm join 10.90.0.11:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash ${HASH} \n`;
  expect(parseJoinCommand(text)).toEqual({
    id: "abcdef",
    token: "abcdef.0123456789abcdef",
    endpoint: "10.90.0.11:6443",
    caCertHash: HASH,
  });
});

test("a text that is not understood is not repeated in the message, because a token may be in it", () => {
  const text = "kubeadm unites 10.90.0.11:6443 with abcdef.0123456789abcdef";
  expect(() => parseJoinCommand(text)).toThrow("something unexpected");
  expect(() => parseJoinCommand(text)).not.toThrow(/abcdef/);
});

test.each([
  ["a new machine", { incarnation: "2" }],
  ["another cluster", { cluster: "c2" }],
])("%s joins again, after the old membership ended", (_what, change) => {
  const { changes, replaces, deleteBeforeReplace } = joinDriver.diff("w1", inputs, { ...inputs, ...change });
  expect({ changes, replaces, deleteBeforeReplace }).toEqual({
    changes: true,
    replaces: Object.keys(change),
    deleteBeforeReplace: true,
  });
});

test("taints are no reason to join again: the node-metadata step applies them", () => {
  const config = { kind: "JoinConfiguration", nodeRegistration: { taints: [] } };
  expect(joinDriver.diff("w1", inputs, { ...inputs, config }).changes).toBe(false);
});

test("another way to reach a host is recorded without a new join and without a connection", async () => {
  const wanted = { ...inputs, node: { ...target, host: "10.90.0.99" } };
  expect(joinDriver.diff("w1", inputs, wanted)).toMatchObject({ changes: true, replaces: [] });
  expect(await joinDriver.update?.("w1", inputs, wanted)).toEqual(wanted);
});

test("a difference is by value, and a value that is not known yet counts as one", () => {
  expect(difference({ a: { x: 1, y: [2] } }, { a: { y: [2], x: 1 } }).changes).toBe(false);
  expect(difference({ a: 1 }, { a: "04da6b54-80e4-46f7-96ec-b56ff0331ba9" }).changes).toBe(true);
  expect(difference({ a: 1, b: 2 }, { a: 2, b: 3 }, { ignore: ["b"], replaceOn: ["a"] }).replaces).toEqual(["a"]);
});

const init = { registration: "r", cluster: "c", settingsHash: "h", kubeletPatch: "p", ports: [6443], apiSeconds: 1 };
const scripts = [
  initScript(init),
  prepareJoinScript({ endpoint: "10.90.0.11:6443", cluster: "c1", known: true }),
  awaitSilentNodeScript("w1"),
  joinScript({ config: "c", kubeletPatch: "p", cluster: "c1" }),
  kubeletSettingsScript("p"),
  knownNodeScript("w1"),
  removeNodeScript("w1"),
  leaveScript(),
].map((commands) => stepScript({ step: "kubeadm", commands }));
// SC2119, SC2120: an argument that they leave out.
testShellcheck("kubeadm's scripts, together with the library,", withLibrary(scripts), ["SC2119", "SC2120"]);

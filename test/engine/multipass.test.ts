import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, connect, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LabStack } from "../harness/stacks/lab-stack";
import { leaksInFolder, leaksInText } from "../harness/stacks/secret-search";
import { booted } from "../unit/multipass/life";
import { type FakeMultipass, fakeMultipass } from "../unit/multipass/fake-multipass";
import { inputs } from "../unit/multipass/vm";
import { startServer, type TestServer } from "../unit/ssh/in-process-server";

jest.setTimeout(10 * 60_000);

/** Where the VM's SSH server is: an address of this workstation only, at the port of all VMs. */
const ADDRESS = "127.77.0.1";

let folder: string;
/** What the VM is to be, for the program. */
let vmFile: string;
let stack: LabStack;
let multipass: FakeMultipass;
let ssh: TestServer;
let relay: Server;

async function want(changes: Partial<typeof inputs> & { canary?: string }): Promise<void> {
  await writeFile(vmFile, JSON.stringify({ ...inputs, ...changes }), { mode: 0o600 });
}

/** What a preview plans, each with its resource's name. */
const steps = () => stack.planned();
/** What starting or resizing a VM is: nothing of what is built on it is planned. */
const CONDITION_ALONE = ["update cp1-condition"];
const incarnation = () => stack.output<string>("incarnation");

// The VM's SSH server has port 22 on an address that only Linux has by itself.
const able = process.platform === "linux" && process.getuid?.() === 0;
(able ? describe : describe.skip)(
  `Multipass under the engine${able ? "" : " (needs Linux and root: it listens on port 22)"}`,
  () => {
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), "multipass-engine-"));
      process.env.TEST_VM = vmFile = join(folder, "vm.json");
      multipass = fakeMultipass();
      ssh = await startServer({ answer: booted() });
      relay = createServer((socket) => {
        const inner = connect(ssh.target.port, "127.0.0.1");
        for (const end of [socket, inner]) end.on("error", () => undefined);
        socket.pipe(inner).pipe(socket);
      });
      await new Promise<void>((resolve, reject) => relay.once("error", reject).listen(22, ADDRESS, resolve));
      stack = await LabStack.create({
        name: "mp",
        roles: ["control-plane"],
        mirror: false,
        program: "test/engine/multipass-program.ts",
      });
      await want({});
    });

    afterAll(async () => {
      await stack?.remove();
      relay?.close();
      multipass?.remove();
      await ssh?.close();
      await rm(folder, { recursive: true, force: true });
    });

    test("a VM lives through up, up unchanged, change, refresh, deletion by hand, and destroy", async () => {
      multipass.script("launch", { vm: { ipv4: [ADDRESS] } }, { vm: { ipv4: [ADDRESS] } });
      await stack.up();
      const first = await incarnation();
      expect(await stack.output("address")).toBe(ADDRESS);

      const calls = multipass.calls().length;
      expect(await steps()).toEqual([]);
      await stack.up();
      expect(multipass.calls()).toHaveLength(calls);

      const state = await stack.exportedState();
      for (const secret of [inputs.hostKeyPrivate, inputs.clientKey])
        expect(state).not.toContain(secret.split("\n")[2]);

      await want({ cpus: 1, memory: "2G" });
      expect(await steps()).toEqual(CONDITION_ALONE);
      await stack.up();
      expect(multipass.vms().cp1?.cpus).toBe(1);
      expect(multipass.changes()).toContain("set local.cp1.memory=2G");
      await stack.refresh();
      expect(await steps()).toEqual([]);

      multipass.put("cp1", { state: "Stopped" });
      await stack.refresh();
      expect(await steps()).toEqual(CONDITION_ALONE);
      await stack.up();
      expect(multipass.vms().cp1?.state).toBe("Running");
      expect(await incarnation()).toBe(first);
      expect(await steps()).toEqual([]);

      await want({ cpus: 1, disk: "10G" });
      expect((await stack.pulumi("preview")).output).toContain(
        "cp1: the VM's disk has 20G and can't be made smaller (10G)",
      );
      await want({ cpus: 1 });

      multipass.put("cp1", { state: "Deleted" });
      await stack.refresh();
      expect(await steps()).toEqual(["replace cp1", "update cp1-condition", "replace dependent"]);
      await stack.up();
      expect(await incarnation()).not.toBe(first);
      expect(multipass.changes().slice(-2)).toEqual([
        "delete --purge cp1",
        expect.stringMatching(/^launch 24.04 --name cp1/),
      ]);

      await stack.destroy();
      expect(multipass.vms()).toEqual({});
    });

    test("a VM that is not finished is kept, and the next up goes on with it", async () => {
      const launches = multipass.changes().filter((call) => call.startsWith("launch")).length;
      multipass.script("launch", { exit: 2, stderr: "launch failed: timed out", vm: { ipv4: [ADDRESS] } });
      multipass.script(
        "info",
        { exit: 2, stderr: "does not exist" },
        {},
        { exit: 2, stderr: "info failed: the disk is full" },
      );
      const failed = await stack.tryUp();
      expect(failed.exitCode).not.toBe(0);
      expect(failed.output).toContain("cp1: reading the state of the VM failed: info failed: the disk is full");
      expect(await steps()).toContain("update cp1");
      await stack.up();
      expect(await stack.output("address")).toBe(ADDRESS);
      expect(multipass.changes().filter((call) => call.startsWith("launch"))).toHaveLength(launches + 1);
    });

    test("an address that changed is planned, and the up stops with what to do until the address is back", async () => {
      multipass.put("cp1", { ipv4: ["127.77.0.2"] });
      await stack.refresh();
      expect(await steps()).toEqual(CONDITION_ALONE);
      const stopped = await stack.tryUp();
      expect(stopped.exitCode).not.toBe(0);
      expect(stopped.output).toContain(`cp1: the VM's address was ${ADDRESS} and is 127.77.0.2 now`);

      multipass.put("cp1", { ipv4: [ADDRESS] });
      await stack.up("--refresh");
      expect(await steps()).toEqual([]);
    });

    test("secret-unwrapped: an encrypted value in the user-data is in no state, preview, output or command line", async () => {
      const secrets = ["c4n4ry-one", "c4n4ry-two"].map((value) => ({ name: value, value }));
      const outputs: string[] = [];
      for (const { value } of secrets) {
        await want({ canary: value });
        outputs.push(await stack.previewText(), (await stack.pulumi("preview", "--json")).output);
        multipass.script("launch", { vm: { ipv4: [ADDRESS] } });
        outputs.push((await stack.up()).output);
        // It is there, and another one makes another machine.
        expect(multipass.calls().some(({ stdin }) => stdin.includes(value))).toBe(true);
        await stack.refresh();
        expect(await steps()).toEqual([]);
      }
      const places = [...outputs, ...multipass.calls().map(({ args }) => args.join(" "))].join("\n");
      expect(leaksInText("outputs and command lines", places, secrets)).toEqual([]);
      expect(await leaksInFolder(join(stack.folder, ".pulumi"), secrets)).toEqual([]);
    });
  },
);

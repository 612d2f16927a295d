import { findVm, launchVm, setVm } from "../../../providers/machines/multipass/client";
import { MultipassError } from "../../../providers/machines/multipass/errors";
import { bytesOf, normalSize } from "../../../providers/machines/multipass/machine";
import { errorOf } from "./life";
import { type FakeMultipass, fakeMultipass } from "./fake-multipass";
import { inputs } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a workstation that is busy.
jest.setTimeout(60_000);

let multipass: FakeMultipass;
beforeEach(() => (multipass = fakeMultipass()));
afterEach(() => multipass.remove());

async function failure(exit: number, stderr: string): Promise<MultipassError> {
  multipass.script("launch", { exit, stderr });
  return (await errorOf(launchVm(inputs, "#cloud-config\n"))) as MultipassError;
}

test.each<[number, MultipassError["kind"], RegExp]>([
  [1, "command-line", /Is this Multipass old\? `multipass version` says/],
  [2, "failed", /Fix the cause, then run the same command again/],
  [3, "no-daemon", /Is the service running \(Linux: `snap start multipass`/],
  [5, "timeout", /The VM may still be coming up: see `multipass list`/],
  [64, "failed", /Fix the cause/],
])("exit code %d is an error of kind %s, with what Multipass said and what to do", async (exit, kind, next) => {
  const error = await failure(exit, "launch failed: so it is\n");
  expect(error).toBeInstanceOf(MultipassError);
  expect(error.kind).toBe(kind);
  expect(error.message).toMatch(/^cp1: launching the VM failed: launch failed: so it is\. /);
  expect(error.message).toMatch(next);
});

test("a client that finds no service is understood, whatever its exit code", async () => {
  expect(await failure(2, "launch failed: cannot connect to the multipass socket\n")).toMatchObject({
    kind: "no-daemon",
  });
});

test.each([
  ["launch failed: qemu: Cannot allocate memory", /Stop other VMs, or set less 'memory'/],
  [
    "launch failed: Available disk (1 bytes) below minimum for this image (2 bytes)",
    /Make room on this workstation's disk/,
  ],
  ["launch failed: Invalid network options supplied", /`multipass networks` lists/],
  ['launch failed: Unable to find an image matching "24.04"', /`multipass find` lists/],
  ["launch failed: failed to download from 'https://x': Host x not found", /Is the Internet reached/],
])("'%s' comes with advice", async (stderr, advice) => {
  expect((await failure(2, stderr)).message).toMatch(advice);
});

test("without a program on PATH the message says how to install it, or to use the lab", async () => {
  const path = process.env.PATH;
  process.env.PATH = "/nowhere";
  const error = await errorOf(findVm("cp1"));
  process.env.PATH = path;
  expect(error).toMatchObject({ kind: "not-installed" });
  expect(error.message).toMatch(/^cp1: .*no program 'multipass' on PATH.*snap install multipass.*stack 'lab'/);
});

test("a command that asks for another try is tried again", async () => {
  multipass.put("cp1", {});
  multipass.script("info", { exit: 4 });
  expect(await findVm("cp1")).toEqual({ state: "Running", ipv4: ["127.0.0.1"], cpus: 2 });
});

test("a command that goes on asking for another try is given up", async () => {
  multipass.script("info", { exit: 4 }, { exit: 4 }, { exit: 4 }, { exit: 4 });
  expect(await errorOf(findVm("cp1"))).toMatchObject({ kind: "retry" });
  expect(multipass.calls()).toHaveLength(3);
});

test("a VM that Multipass does not know is none, and a failure to look is not taken for that", async () => {
  expect(await findVm("cp1")).toBeUndefined();
  multipass.script("info", { exit: 2, stderr: "info failed: the daemon is busy\n" });
  expect(await errorOf(findVm("cp1"))).toMatchObject({ kind: "failed" });
});

test("a stopped VM has no address and no known number of CPUs", async () => {
  multipass.put("cp1", { state: "Stopped" });
  expect(await findVm("cp1")).toEqual({ state: "Stopped", ipv4: [] });
});

test("multipass-na: what Multipass calls the address of a VM that has none yet is no address", async () => {
  multipass.put("cp1", { ipv4: ["N/A"] });
  expect(await findVm("cp1")).toMatchObject({ state: "Running", ipv4: [] });
});

test("a setting of a running VM is refused by Multipass, and the error says so", async () => {
  multipass.put("cp1", {});
  expect((await errorOf(setVm("cp1", "cpus", "4"))).message).toMatch(/Instance must be stopped for modification/);
});

test.each([
  ["1024", 1024],
  ["4K", 4096],
  ["512M", 512 * 1024 ** 2],
  ["1.5G", 1.5 * 1024 ** 3],
  ["1.2K", 1228],
])("%s is %d bytes", (size, bytes) => {
  expect(bytesOf(size)).toBe(bytes);
});

test.each(["", "4g", "4GB", "1.5", "-1G", "G", " 4G"])("'%s' is no size", (size) => {
  expect(bytesOf(size)).toBeUndefined();
});

test.each([
  ["4GiB", "4G"],
  ["20GB", "20G"],
  ["4g", "4G"],
  ["1.5 gb", "1.5G"],
  ["512MiB", "512M"],
  ["4Gi", "4G"],
  ["1TiB", "1024G"],
  ["2147483648B", "2147483648"],
])("sizes: %s is %s", (written, normal) => {
  expect(normalSize(written)).toBe(normal);
});

test.each(["4G", "4096M", "1.50G", "4294967296"])("sizes: %s, as Multipass always took it, stays as it is", (size) => {
  expect(normalSize(size)).toBe(size);
});

test.each(["", "4 apples", "G", "1.5B", "4PiB", "-4G", "4G 4G"])("sizes: '%s' is no size", (size) => {
  expect(normalSize(size)).toBeUndefined();
});

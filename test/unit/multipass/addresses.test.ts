import { SSH } from "../../../providers/machines/multipass/ready";
import { waitUntilRunning } from "../../../providers/machines/multipass/ready";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";
import { type Bench, booted, create, createCondition, endBench, errorOf, readCondition, startBench } from "./life";
import { startServer, type TestServer } from "../ssh/in-process-server";
import { condition, conditionInputs, inputs, vmOf } from "./vm";

// Each call of `multipass` starts a program, which takes its time on a workstation that is busy.
jest.setTimeout(60_000);

/** An address of loopback at which nothing listens. */
const STALE = "127.0.0.9";
const REAL = "127.0.0.1";

let bench: Bench;
let waits: typeof SSH;
beforeEach(async () => {
  waits = { ...SSH };
  bench = await startBench();
  Object.assign(SSH, { firstSeconds: 1, otherSeconds: 5 });
});
afterEach(async () => {
  await endBench(bench);
  Object.assign(SSH, waits);
});

test("multipass-na: a running VM without an address is waited for until it has one", async () => {
  bench.multipass.put("cp1", { ...vmOf(), ipv4: ["N/A"] });
  setTimeout(() => bench.multipass.put("cp1", { ipv4: [REAL] }), 1_500);
  expect((await waitUntilRunning("cp1", 30)).ipv4).toEqual([REAL]);
});

test("multipass-na: where it gets none, the message says that it has no address", async () => {
  bench.multipass.put("cp1", { ...vmOf(), ipv4: ["N/A"] });
  expect((await errorOf(waitUntilRunning("cp1", 1))).message).toMatch(/^cp1: the VM runs without an address after 1 s/);
});

test("multipass-stale: an address that the VM doesn't have is not taken for its own, though Multipass names it first", async () => {
  bench.multipass.script("launch", { vm: { ipv4: [STALE, REAL], inside: [REAL, "10.244.0.1"] } });
  SSH.firstSeconds = 30;
  const started = Date.now();
  expect((await create(inputs)).outputs.address).toBe(REAL);
  // It is not even tried.
  expect(Date.now() - started).toBeLessThan(25_000);
  expect(bench.ssh.connections()).toBe(1);
});

test("multipass-stale: where the VM can't be asked, the others are tried, and the one with its host key is taken", async () => {
  bench.multipass.script("launch", { vm: { ipv4: [STALE, REAL], inside: null } });
  expect((await create(inputs)).outputs.address).toBe(REAL);
});

describe("where another machine has the address of before", () => {
  let other: TestServer;
  beforeEach(async () => {
    other = await startServer({ answer: booted(), hostKey: generateKeyPair().private });
  });
  afterEach(() => other.close());

  test("multipass-stale: the error names all addresses, and nothing was sent to the other machine", async () => {
    SSH.port = other.target.port;
    bench.multipass.script("launch", { vm: { ipv4: [REAL, STALE], inside: null } });
    const error = await errorOf(create(inputs));
    expect(error.message).toMatch(
      /^cp1: .*127\.0\.0\.1.*key.*Multipass names 127\.0\.0\.9 too, and nothing with the VM's host key answers/s,
    );
    expect([other.logins, other.commands]).toEqual([[], []]);
  });
});

test("multipass-stale: a VM that answers at another address than its cluster was built on has moved, and nothing is changed", async () => {
  const built = { ...conditionInputs, address: STALE };
  for (const inside of [null, [REAL]]) {
    bench.multipass.put("cp1", { ...vmOf(), ipv4: [STALE, REAL], inside });
    const error = await errorOf(createCondition(built));
    expect(error.message).toMatch(/^cp1: the VM's address was 127\.0\.0\.9 and is 127\.0\.0\.1 now/);
  }
});

test("multipass-stale: a refresh sees that the recorded address is not the VM's any more", async () => {
  bench.multipass.put("cp1", { ...vmOf(), ipv4: [STALE, REAL], inside: [REAL] });
  const reading = await readCondition({ ...condition, address: STALE, currentAddress: STALE });
  expect(reading?.outputs).toMatchObject({ address: STALE, currentAddress: REAL });
});

test.each(["Default Switch", "vEthernet (WSL)", "en0"])(
  "multipass-network: the network '%s' is taken by the provider too",
  async (name) => {
    const networks = [{ name, mode: "manual" as const }];
    await create({ ...inputs, networks });
    const launch = bench.multipass.calls().find(({ args }) => args[0] === "launch");
    expect(launch?.args).toContain(`name=${name},mode=manual`);
  },
);

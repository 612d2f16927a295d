import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clientScript, readResults, serverScript } from "../../../checks/network-script";
import { HOSTILE, testGolden } from "../../harness/golden";

const client = clientScript({
  requests: [
    { way: "pod", target: "cp1", to: "10.244.0.7:8080" },
    { way: "service", target: "name", to: "server" },
  ],
  refused: [{ way: "policy", target: "cp1", to: "10.244.0.7:8081" }],
  names: [
    { way: "dns", name: "server.check.svc.cluster.local", address: "10.96.0.9" },
    { way: "dns-outside", name: "example.com" },
  ],
});
const scripts = {
  "server.sh": serverScript("cp1"),
  "server-hostile.sh": serverScript(HOSTILE),
  "client.sh": client,
  "client-hostile.sh": clientScript({
    requests: [{ way: HOSTILE, target: HOSTILE, to: HOSTILE }],
    names: [{ way: "dns", name: HOSTILE }],
  }),
};
// SC2016: hostile values must not expand.
testGolden("checks", scripts, { shell: "sh", except: ["SC2016"] });

describe("the client, with programs that answer as a network would", () => {
  let programs: string;
  beforeEach(() => (programs = mkdtempSync(join(tmpdir(), "homelab-client-"))));
  afterEach(() => rmSync(programs, { recursive: true }));

  const program = (name: string, script: string) => {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(programs, name), 0o755);
  };
  const run = () => {
    const env = { PATH: `${programs}:${process.env.PATH}` };
    const { stdout } = spawnSync("sh", ["-c", client], { env, encoding: "utf8" });
    return readResults(stdout).sort((a, b) => (`${a.way} ${a.target}` < `${b.way} ${b.target}` ? -1 : 1));
  };
  // Time that flies: each reading of the clock is a minute later, so that what fails has failed at once.
  const hurry = () =>
    program("date", `n=$(cat ${programs}/n 2>/dev/null || echo 0); echo $((n + 60)) >${programs}/n; echo "$n"`);

  test("reports what answers, is refused and resolves", () => {
    program("wget", 'case $* in *:8081*) exit 1 ;; esac; echo "homelab-check cp1"');
    program("nslookup", 'echo "Name: $1"; echo "Address: 10.96.0.9"');
    expect(run()).toEqual([
      { way: "dns", target: "server.check.svc.cluster.local" },
      { way: "dns-outside", target: "example.com" },
      { way: "pod", target: "cp1" },
      { way: "policy", target: "cp1" },
      { way: "service", target: "name" },
    ]);
  });

  test("takes a strange answer, a wrong address and a policy that lets it in as failures, with what was said", () => {
    hurry();
    program(
      "wget",
      'case $* in *:8081*) echo "homelab-check cp1" ;; *server*) echo "<html>" ;; *) echo "wget: refused"; exit 1 ;; esac',
    );
    program("nslookup", 'echo "Name: $1"; echo "Address: 192.0.2.1"');
    expect(run()).toEqual([
      { way: "dns", target: "server.check.svc.cluster.local", failed: "Address: 192.0.2.1" },
      { way: "dns-outside", target: "example.com" },
      { way: "pod", target: "cp1", failed: "wget: refused" },
      { way: "policy", target: "cp1", failed: "answered" },
      { way: "service", target: "name", failed: "<html>" },
    ]);
  });
});

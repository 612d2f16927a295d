import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tailscaleExpected, tailscaleScript } from "../../../components/addons/tailscale/step";
import { loginScript, logoutScript, renameScript, statusScript } from "../../../providers/tailscale/login-script";
import { takenUpScript } from "../../../providers/tailscale/objects-guard";
import { stepScript } from "../../../providers/host/shell/script";
import { HOSTILE, testGolden } from "../../harness/golden";

const repository = { url: "https://pkgs.tailscale.com/stable/{distribution}", fingerprint: "A".repeat(40) };
const plain = { version: "1.102.5", repository, sharedKernel: false };
const shared = { ...plain, sharedKernel: true };
const evil = {
  version: HOSTILE.replaceAll('"', ""),
  repository: { url: HOSTILE, fingerprint: HOSTILE },
  sharedKernel: false,
};
const login = { authKey: "tskey-auth-KEY", hostname: "lab-w1", tags: ["tag:a", "tag:b"], loginServer: "" };
const evilLogin = { authKey: HOSTILE, hostname: HOSTILE, tags: [HOSTILE], loginServer: HOSTILE };

const step = (args: typeof plain) => ({
  step: "tailscale",
  commands: tailscaleScript(args),
  expected: tailscaleExpected(args),
});
const driver = (commands: string) => ({ step: "tailscale-login", commands });
const steps = {
  "install.sh": step(plain),
  "install-shared-kernel.sh": step(shared),
  "install-hostile.sh": step(evil),
  "status.sh": driver(statusScript()),
  "login.sh": driver(loginScript(login)),
  "login-elsewhere.sh": driver(loginScript({ ...login, loginServer: "https://headscale.example" })),
  "login-hostile.sh": driver(loginScript(evilLogin)),
  "rename.sh": driver(renameScript("lab-w2")),
  "logout.sh": driver(logoutScript()),
};
const scripts = Object.fromEntries(
  Object.entries(steps).map(([file, args]) => [file, stepScript({ host: "w1", ...args })]),
);
const except = [
  "SC2016", // hostile values must not expand
  "SC2034", // not every script remembers what was before
];
testGolden("tailscale", { ...scripts, "objects.sh": takenUpScript() }, { except });

describe("the login on a host, with another `tailscale` on the PATH", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "tailscale-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs the commands as a step does, without what belongs to real hosts. */
  function run(commands: string, program: string) {
    writeFileSync(join(folder, "tailscale"), `#!/bin/bash\n${program}\n`, { mode: 0o755 });
    const die = `die() { echo "$*" >&2; exit 1; }`;
    return spawnSync("bash", ["-s"], {
      input: `set -euo pipefail\n${die}\nmain() {\n${commands}\n}\nmain </dev/null\n`,
      encoding: "utf8",
      env: { PATH: `${folder}:/usr/bin:/bin`, FOLDER: folder },
    });
  }

  const SEEN = `printf '%s\\n' "$*" >"$FOLDER/arguments"; env >"$FOLDER/environment"; cat /dev/stdin >"$FOLDER/stdin"`;

  test("gives the key by standard input alone", () => {
    expect(run(loginScript(login), SEEN)).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(readFileSync(join(folder, "stdin"), "utf8")).toBe("tskey-auth-KEY");
    expect(readFileSync(join(folder, "environment"), "utf8")).not.toContain("tskey-auth-KEY");
    expect(readFileSync(join(folder, "arguments"), "utf8")).toBe(
      "up --auth-key=file:/dev/stdin --reset --force-reauth --accept-dns=false --hostname=lab-w1 --advertise-tags=tag:a,tag:b --timeout=60s\n",
    );
  });

  test("repeats what tailscale says, without the key in it", () => {
    const { status, stderr } = run(loginScript(login), `${SEEN}; echo "bad key tskey-auth-KEY"; exit 1`);
    expect(status).toBe(1);
    expect(stderr).toContain("'tailscale up' failed: bad key (the key)");
    expect(stderr).not.toContain("tskey-auth-KEY");
  });

  test("hands hostile values on literally", () => {
    const at = (text: string) => text.replaceAll("/pwned", join(folder, "pwned"));
    const hostile = at(HOSTILE);
    run(loginScript({ authKey: hostile, hostname: hostile, tags: [hostile], loginServer: hostile }), SEEN);
    expect(readFileSync(join(folder, "stdin"), "utf8")).toBe(hostile);
    expect(readFileSync(join(folder, "arguments"), "utf8")).toContain(`--hostname=${hostile} --advertise`);
    expect(existsSync(join(folder, "pwned"))).toBe(false);
  });
});

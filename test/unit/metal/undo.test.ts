import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { undoScript } from "../../../providers/machines/metal/undo-script";
import { libraryText, readShell } from "../../../providers/host/shell/library";
import { testGolden } from "../../harness/golden";

testGolden("metal", { "undo.sh": undoScript("w1") }, { except: [] });

const CHAINS = readShell(__dirname, "../../../providers/machines/metal/undo-kubernetes.sh");

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "undo-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a hostile name of a host is printed, not run", () => {
  const host = `w1'; touch ${join(folder, "pwned")}; echo '$(touch ${join(folder, "pwned")})`;
  const script = undoScript(host).replace("main() {", 'main() {\ndie "stop" "go"');
  expect(spawnSync("bash", ["-s"], { input: script, encoding: "utf8" }).stderr).toBe(`${host}: undo: stop; go\n`);
  expect(existsSync(join(folder, "pwned"))).toBe(false);
});

function run(text: string): string {
  const own = `before=${folder}/state/before PATH=${folder}/bin:$PATH host=w1 step=undo`;
  const script = ["set -euo pipefail", libraryText(), own, text];
  const ran = spawnSync("bash", ["-s"], { input: script.join("\n"), encoding: "utf8" });
  expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: "" });
  return ran.stdout;
}

describe("files", () => {
  const back = () => run("prepare_restore file; restore_files");
  const write = (file: string) => run(`echo ours | write_file ${file} 644`);

  test("come back as they were, and those that we added go", () => {
    const [theirs, added] = [join(folder, "theirs.conf"), join(folder, "added.conf")];
    writeFileSync(theirs, "before us\n", { mode: 0o640 });
    write(theirs);
    write(added);
    expect(back()).toBe("");
    expect(readFileSync(theirs, "utf8")).toBe("before us\n");
    expect(spawnSync("stat", ["-c", "%a", theirs], { encoding: "utf8" }).stdout).toBe("640\n");
    expect(existsSync(added)).toBe(false);
    expect(back()).toBe("");
    expect(readFileSync(theirs, "utf8")).toBe("before us\n");
  });

  test("that others changed after us stay theirs, with what was there before beside them", () => {
    const [changed, added] = [join(folder, "changed.conf"), join(folder, "added.conf")];
    writeFileSync(changed, "before us\n");
    write(changed);
    write(added);
    writeFileSync(changed, "after us\n");
    writeFileSync(added, "after us\n");
    const said = `kept ${changed}: it was changed after us; as it was before: ${changed}.before-homelab\nkept ${added}: it was changed after us\n`;
    expect(back()).toBe(said);
    expect(readFileSync(changed, "utf8")).toBe("after us\n");
    expect(readFileSync(`${changed}.before-homelab`, "utf8")).toBe("before us\n");
    expect(readFileSync(added, "utf8")).toBe("after us\n");
    expect(back()).toBe(said);
  });

  test("that others changed and a package's removal took along come back", () => {
    const file = join(folder, "package.conf");
    write(file);
    writeFileSync(file, "after us\n");
    run(`prepare_restore file; rm ${file}; restore_files`);
    expect(readFileSync(file, "utf8")).toBe("after us\n");
  });

  test("with this program's name go, whoever changed them", () => {
    const file = join(folder, "homelab-docker.list");
    write(file);
    writeFileSync(file, "after us\n");
    expect(back()).toBe("");
    expect(existsSync(file)).toBe(false);
  });

  test("of others keep a folder that we made", () => {
    write(join(folder, "a/b/ours.conf"));
    writeFileSync(join(folder, "a/b/theirs.conf"), "");
    expect(back()).toBe("");
    const said = run("restore_folders");
    expect(said).toBe(
      `kept ${folder}/a/b: there are files in it that are not ours\nkept ${folder}/a: there are files in it that are not ours\n`,
    );
    rmSync(join(folder, "a/b/theirs.conf"));
    run("restore_folders");
    expect(existsSync(join(folder, "a"))).toBe(false);
  });

  test("that are empty folders keep no folder that we made", () => {
    write(join(folder, "a/b/ours.conf"));
    mkdirSync(join(folder, "a/b/pki/etcd"), { recursive: true });
    expect(back()).toBe("");
    expect(run("restore_folders")).toBe("");
    expect(existsSync(join(folder, "a"))).toBe(false);
  });
});

test("of iptables only the chains of Kubernetes and Cilium go, and the rules that jump to them; no built-in chain is flushed", () => {
  const saved = `# Generated
*filter
:INPUT ACCEPT [0:0]
:DOCKER - [0:0]
:KUBE-FIREWALL - [0:0]
:CILIUM_INPUT - [0:0]
-A INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
-A INPUT -m comment --comment "mine: -j KUBE-FIREWALL, \\"quoted\\"" -j DOCKER
-A INPUT -j KUBE-FIREWALL
-A DOCKER -p tcp --dport 22 -j ACCEPT
-A KUBE-FIREWALL -j DROP
-A CILIUM_INPUT -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -p tcp -j REDIRECT
COMMIT
`;
  mkdirSync(join(folder, "bin"));
  for (const tool of ["iptables-nft", "iptables-legacy", "ip6tables-nft", "ip6tables-legacy"]) {
    const text = tool === "iptables-nft" ? saved : "";
    writeFileSync(join(folder, `bin/${tool}-save`), `#!/bin/sh\ncat <<'END'\n${text}END\n`);
    writeFileSync(join(folder, `bin/${tool}-restore`), `#!/bin/sh\necho "$0 $*" | sed 's|.*/||'; cat\n`);
    for (const end of ["save", "restore"]) chmodSync(join(folder, `bin/${tool}-${end}`), 0o755);
  }
  expect(run(`${CHAINS}\nend_iptables_chains`)).toBe(`iptables-nft-restore --noflush --wait 30
*filter
-D INPUT -m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT
-D INPUT -j KUBE-FIREWALL
-F KUBE-FIREWALL
-F CILIUM_INPUT
-X KUBE-FIREWALL
-X CILIUM_INPUT
COMMIT
`);
});

import { randomBytes } from "node:crypto";
import path from "node:path";
import { quote } from "../../providers/host/shell/quote";
import { inspect } from "../../providers/host/inspection/inspect";
import { failure } from "../unit/ssh/failure";
import { stepScript } from "../../providers/host/shell/script";
import { asRoot, SCRIPT_COMMAND } from "../../providers/host/shell/as-root";
import { withSsh } from "../../providers/host/ssh/connect";
import { runAsRoot, runAsRootOrFail } from "../../providers/host/ssh/root";
import type { RunResult, SshSession, SshTarget } from "../../providers/host/ssh/target";
import { withDrift } from "../../components/remote/drift";
import { LoginHost, type Tools, whyNoLoginHost } from "../harness/machines/login-host";
import { leaksInText, ProcessWatch } from "../harness/stacks/secret-search";

jest.setTimeout(10 * 60_000);

const missing = whyNoLoginHost();
// The report shows the reason.
const onHost = missing ? describe.skip : describe;
const LIMITS = { timeoutSeconds: 60 };
const PASSWORD = `canary-sudo-it's "a" \\n$pass!`;
const SHELLS = ["bash", "dash", "fish", "zsh", "tcsh", "csh"] as const;

/** Every kind of quote, and what a shell would take for its own; what it prints is what came. */
const HOSTILE = `it's "quoted" \\ \\\\ \\' \\n $HOME \${x} \`id\` !! ~ * ? [a] {a,b} <(x) # % é ;& |`;
const SCRIPT = `id -u\ncat <<'END'\n${HOSTILE}\nEND\nexit 3\n`;
const RAN: RunResult = { stdout: `0\n${HOSTILE}\n`, stderr: "", exitCode: 3 };

describe.each([
  { sudo: "sudo", coreutils: "GNU" },
  { sudo: "sudo-rs", coreutils: "uutils" },
] as const)("logins", (tools) => {
  onHost(
    `to a Debian 13 with ${tools.sudo} and ${tools.coreutils} coreutils${missing ? ` (skipped: ${missing})` : ""}`,
    () => {
      let host: LoginHost;

      beforeAll(async () => {
        host = await LoginHost.create(tools);
        for (const shell of SHELLS) {
          await host.addUser(shell, { shell: `/usr/bin/${shell}` });
          await host.addUser(`${shell}.asks`, { shell: `/usr/bin/${shell}`, sudoPassword: PASSWORD });
        }
      });
      afterAll(async () => host?.remove());

      const on = <T>(target: SshTarget, work: (session: SshSession) => Promise<T>): Promise<T> =>
        withSsh(target, LIMITS, "working", work);
      const runs = (target: SshTarget, script: string): Promise<RunResult> =>
        on(target, (session) => runAsRoot(session, script, LIMITS));

      const logins = SHELLS.flatMap((shell) => [
        { shell, how: "without a password", user: shell, password: undefined },
        { shell, how: "with a password", user: `${shell}.asks`, password: PASSWORD },
      ]);

      test.each(logins)(
        "fish-sudo: a script comes through $shell and sudo $how as it was sent",
        async ({ user, password }) => {
          expect(await runs(host.target(user, password), SCRIPT)).toEqual(RAN);
        },
      );

      test.each(logins)(
        "fish-sudo: a step comes through $shell and sudo $how as the plugin sends it",
        async ({ user, password }) => {
          const commands = `printf '%s\\n' "$step"; cat <<'END'\n${HOSTILE}\nEND\n`;
          const script = stepScript({ standalone: true, host: "host1", step: "greeting", commands });
          const command = withDrift(SCRIPT_COMMAND, { generation: 2, reason: "sysctl x is '0', expected [1]" });
          const stdin = asRoot(script, { user, ...(password === undefined ? {} : { sudoPassword: password }) });
          const ran = await on(host.target(user, password), (session) => session.run(command, { ...LIMITS, stdin }));
          // sudo-rs ends its prompt with a line break, though the prompt is empty.
          expect({ ...ran, stderr: ran.stderr.trim() }).toEqual({
            stdout: `greeting\n${HOSTILE}\n`,
            stderr: "",
            exitCode: 0,
          });
        },
      );

      test("sudo-password: a wrong one is told as such", async () => {
        const error = await failure(runs(host.target("fish.asks", "nonsense"), SCRIPT));
        expect(error).toMatchObject({ kind: "authentication" });
        expect(error.message).toContain("sudo refused the password of user 'fish.asks'. Correct ssh.sudoPassword");
        expect(error.message).not.toMatch(/nonsense|canary/);
      });

      test("sudo-password: one that is not set is asked for", async () => {
        const error = await failure(runs(host.target("fish.asks"), SCRIPT));
        expect(error.message).toMatch(/'fish\.asks' may not use sudo without a password.*Set ssh\.sudoPassword/);
      });

      test("a password that sudo does not ask for is run as no command", async () => {
        expect(await runs(host.target("zsh", "touch /pwned"), SCRIPT)).toEqual(RAN);
        expect(await host.run("test ! -e /pwned && test ! -e /home/zsh/pwned && echo clean")).toBe("clean");
      });

      test.each(["bash", "zsh", "fish", "tcsh"])(
        "shell-prints: what is read is the script's own with a %s that prints, and says that all went well",
        async (shell) => {
          await host.addUser(`noisy-${shell}`, { shell: `/usr/bin/${shell}` });
          await host.run(noise(`/home/noisy-${shell}`));
          const target = host.target(`noisy-${shell}`);
          // It does print, before and after.
          const bare = await on(target, (session) => session.run(SCRIPT_COMMAND, { ...LIMITS, stdin: "echo one" }));
          expect(bare.stdout).toMatch(/^(.*noise.*\n)+one\n/);
          expect(await runs(target, SCRIPT)).toEqual({ ...RAN, stderr: expect.any(String) as string });
          expect(await runs(target, "echo '{}'; exit 7")).toMatchObject({ stdout: "{}\n", exitCode: 7 });
          const { report } = await on(target, (session) => inspect(session, { preflight: true }));
          expect(report.facts).toMatchObject({ osId: "debian", osVersion: "13", hostname: "host1" });
        },
      );

      test("user-dot: names as useradd and SSSD give them log in, and sudo takes the advice for each", async () => {
        for (const user of ["john.doe", "Admin", "svc$", "CORP\\jane", "jane@corp.example"]) {
          await host.addUser(user, { sudoPassword: null });
          const target = host.target(user);
          const error = await failure(runs(target, SCRIPT));
          expect({ user, message: error.message }).toMatchObject({
            message: expect.stringContaining("/etc/sudoers.d/") as string,
          });
          const [, line = "", file = ""] =
            /[Pp]ut '(.*)' into (\/etc\/sudoers\.d\/\S+) on the host/.exec(error.action) ?? [];
          const number = await host.run(`id -u ${quote(user)}`);
          await host.run(`umask 227; printf '%s\\n' ${quote(line.replace("UID", number))} >${quote(file)}`);
          expect({ user, ...(await runs(target, SCRIPT)) }).toEqual({ user, ...RAN });
          await host.run(`rm -f ${quote(file)}`);
          expect((await failure(runs(target, SCRIPT))).message).toContain("nothing was changed there");
        }
      });

      test("sudo-argv: no script and no password is in a command line or in sudo's log", async () => {
        const canary = `canary-script-${randomBytes(8).toString("hex")}`;
        const script = `x=${canary}\nsleep 2\necho $x\n`;
        const watch = new ProcessWatch();
        let commandLines = "";
        try {
          expect((await runs(host.target("fish.asks", PASSWORD), script)).stdout).toBe(`${canary}\n`);
        } finally {
          commandLines = await watch.stop();
        }
        const log = tools.sudo === "sudo" ? await host.read("var/log/sudo.log") : "";
        const secrets = [
          { name: "script", value: canary },
          { name: "password", value: "canary-sudo-" },
        ];
        expect([...leaksInText("command lines", commandLines, secrets), ...leaksInText("log", log, secrets)]).toEqual(
          [],
        );
        // Both would show one.
        expect(commandLines).toContain("bash -s");
        if (tools.sudo === "sudo") expect(log).toContain("COMMAND=");
      });
    },
  );
});

/** Facts that differ from one minute to the next, or between two trees. */
const PASSING = ["time", "varFreeMiB", "rootFreeMiB", "machineId", "listening", "swap", "addresses", "deviceMacs"];

/** What the program sees of a host, and does to its files, where no service is needed. */
async function withTools(tools: Tools): Promise<{ facts: object; printed: string; files: string }> {
  const host = await LoginHost.create(tools);
  try {
    await host.addUser("ops", { sudoPassword: PASSWORD });
    const asOps = <T>(work: (session: SshSession) => Promise<T>) =>
      withSsh(host.target("ops", PASSWORD), LIMITS, "working", work);
    const { report } = await asOps((session) => inspect(session, { preflight: true }));
    const facts = Object.fromEntries(Object.entries(report.facts).filter(([name]) => !PASSING.includes(name)));
    const script = stepScript({ standalone: true, host: "host1", step: "files", commands: FILES });
    const { stdout } = await asOps((session) => runAsRootOrFail(session, script, LIMITS));
    const files = await host.run("cd /srv && find . -printf '%p %m %u:%g %l\\n' | sort; head /srv/*/* /srv/*.conf");
    return { facts, printed: stdout, files };
  } finally {
    await host.remove();
  }
}

/** Files as steps write, remember and restore them: one that is there, a link, one that is not, in folders that are not. */
const FILES = `mkdir -p /srv/theirs
printf 'one\\n' >/srv/theirs/one.conf
chown 1:2 /srv/theirs/one.conf
chmod 640 /srv/theirs/one.conf
ln -s theirs/one.conf /srv/link.conf
for _ in 1 2; do
  for file in /srv/theirs/one.conf /srv/link.conf /srv/new/new/two.conf; do printf 'ours\\n' | write_file "$file" 600; done
done
observe file /srv/theirs/one.conf
remove_file /srv/theirs/one.conf
expect file /srv/new/new/two.conf
write_expected
sed 's/"run":".*"/"run":""/' "$expected/files.json"
prepare_restore file
restore file
free_kib=$(df -Pk /srv | awk 'NR == 2 { print ($4 > 0) }')
echo "$free_kib $(printf '3\\n1\\n2\\n' | sort -r | tail -n +2 | head -n 1 | tr 1-3 a-c | cut -c -1 | paste -sd ,) $(date -u -d @0 +%FT%TZ)"
`;

onHost(
  `ubuntu-2604: uutils and sudo-rs in the place of GNU's coreutils and sudo${missing ? ` (skipped: ${missing})` : ""}`,
  () => {
    test("ubuntu-2604: the facts are the same, and so is what is written, remembered and restored", async () => {
      const [gnu, uutils] = [
        await withTools({ sudo: "sudo", coreutils: "GNU" }),
        await withTools({ sudo: "sudo-rs", coreutils: "uutils" }),
      ];
      expect(uutils).toEqual(gnu);
      // Something was seen and done.
      expect(gnu.facts).toMatchObject({ osId: "debian", cgroupVersion: expect.stringMatching(/^[12]$/) as string });
      expect(gnu.printed).toContain("wrote /srv/new/new/two.conf");
      expect(gnu.files).toMatch(/^\.\/theirs\/one\.conf 640 daemon:bin $/m);
      expect(gnu.files).toMatch(/^\.\/link\.conf .* theirs\/one\.conf$/m);
      expect(gnu.files).not.toContain("ours");
    });
  },
);

/** A script that has every file that a shell or sshd runs print, as it starts and as it ends, on both streams. */
function noise(home: string): string {
  const print = "echo noise '{}'; echo noise >&2";
  const files: Record<string, string> = {
    "/etc/profile.d/noise.sh": print,
    "/etc/zsh/zshenv": print,
    [`${home}/.bashrc`]: `${print}; trap 'echo late noise; exit 0' EXIT`,
    [`${home}/.zshenv`]: `${print}; TRAPEXIT() { echo late noise; exit 0 }`,
    [`${home}/.config/fish/config.fish`]:
      "echo noise; echo noise >&2; function bye --on-event fish_exit; echo late noise; end",
    [`${home}/.tcshrc`]: "echo noise '{}'",
    [`${home}/.ssh/rc`]: print,
  };
  return Object.entries(files)
    .map(([file, text]) => `mkdir -p ${quote(path.dirname(file))}; echo ${quote(text)} >${quote(file)}\n`)
    .join("");
}

import { installPackages } from "../../components/node/apt-repository";
import type { AcceptableName } from "../../providers/host/preflight/finding-names";
import { hostFindings } from "../../providers/host/preflight/judge";
import { parseReport } from "../../providers/host/inspection/parse";
import { inspectionScript } from "../../providers/host/inspection/script";
import type { AptPackages } from "../../providers/host/inspection/wanted";
import { quote } from "../../providers/host/shell/quote";
import { stepScript } from "../../providers/host/shell/script";
import { ThrowawayTree, whyNoTrees } from "../harness/machines/throwaway-tree";

/** What apt and dpkg make of a host's past, with the real ones in a tree of Debian. */

jest.setTimeout(10 * 60_000);

const missing = whyNoTrees();
const onTrees = missing ? describe.skip : describe;

const SUFFIX = "1~debian.12~bookworm";
const IN_PLACE = "Provides: containerd, runc;Conflicts: containerd, runc;Replaces: containerd, runc";
/** docker.io, containerd and runc have the relations of Debian's own, in a repository of their own kind. */
const PACKAGES = [
  `docker/containerd.io=2.2.3-${SUFFIX};${IN_PLACE}`,
  `docker/containerd.io=2.3.0-${SUFFIX};${IN_PLACE}`,
  `docker/docker-ce=5:29.1.0-${SUFFIX};Depends: containerd.io (>= 1.7.27), docker-ce-cli`,
  `docker/docker-ce-cli=5:29.1.0-${SUFFIX}`,
  "kubernetes/kubeadm=1.36.3-1.1",
  "kubernetes/kubelet=1.36.3-1.1",
  "tailscale/tailscale=1.90.1",
  "debian/docker.io=20.10.24+dfsg1-1;Depends: containerd (>= 1.4~), runc (>= 1.0.0~rc8~)",
  "debian/containerd=1.6.20~ds1-1;Depends: runc (>= 1.0.0~rc2~)",
  "debian/runc=1.1.5+ds1-1",
  "debian/podman=4.3.1+ds1-8;Depends: runc",
  "debian/busy=1",
];

type Name = "docker" | "kubernetes" | "tailscale";

/** The repositories as the steps have them, with another address; where others' instructions put them: file, suite and key. */
const REPOSITORIES: Record<Name, Omit<AptPackages, "url" | "fingerprint" | "name">> = {
  docker: {
    ...{ keyPath: "gpg", suite: " {codename} stable" },
    packages: [{ name: "containerd.io", version: "2.2.3-1", replaces: ["containerd", "runc"] }],
  },
  kubernetes: {
    ...{ keyPath: "Release.key", suite: "/ /" },
    packages: [
      { name: "kubelet", version: "1.36.3-1.1" },
      { name: "kubeadm", version: "1.36.3-1.1" },
    ],
  },
  tailscale: {
    ...{ keyPath: "{codename}.noarmor.gpg", suite: " {codename} main" },
    packages: [{ name: "tailscale", version: "1.90.1" }],
  },
};
/** What their own instructions leave on a host, with their key at another path than ours. */
const LINES: Record<Name, string> = {
  docker: "file:///repositories/docker bookworm stable",
  kubernetes: "file:///repositories/kubernetes/ /",
  tailscale: "file:///repositories/tailscale bookworm main",
};
const KEYS: Record<Name, string> = { docker: "gpg", kubernetes: "Release.key", tailscale: "bookworm.noarmor.gpg" };
const names = Object.keys(REPOSITORIES) as Name[];

let tree: ThrowawayTree;

const wanted = (name: Name): AptPackages => ({
  ...{ name, url: `file:///repositories/${name}`, fingerprint: tree.fingerprints[name] ?? "" },
  ...REPOSITORIES[name],
});

/** Commands of a step: they install what a repository is for. */
const install = (name: Name, accepted: AcceptableName[] = []) =>
  stepScript({ host: "w1", step: "past", commands: installPackages(wanted(name), accepted), standalone: true });

/** A script within another one; prints its exit code. */
const inner = (script: string) => `status=0; bash -s <<'INNER' || status=$?\n${script}\nINNER\necho "status $status"`;

/** Whether apt can read its sources, and what is there. */
const STATE = `apt-get indextargets --no-release-info >/dev/null && echo readable
ls /etc/apt/sources.list.d | grep -v '^0000' || true`;

/** What the preflight finds of a host that is as the script leaves it, as \`NAME: PROBLEM -> ACTION\`. */
async function findings(past: string): Promise<string[]> {
  const script = inspectionScript("MARK", { preflight: true, wanted: { packages: names.map(wanted) } });
  const { stdout, stderr } = await tree.run(`{\n${past}\n} >/dev/null\nbash -s <<'INSPECT'\n${script}\nINSPECT`);
  if (!stdout.includes("MARK\tend")) throw new Error(stderr);
  const own = new Set(["apt-", "dock", "pack", "dpkg"]);
  return hostFindings({ name: "w1", report: parseReport(stdout, "MARK") })
    .filter(({ name }) => own.has(name.slice(0, 4)))
    .map(({ name, problem, action }) => `${name}: ${problem} -> ${action}`);
}

onTrees(`a host with a past${missing ? ` (skipped: ${missing})` : ""}`, () => {
  beforeAll(async () => {
    tree = await ThrowawayTree.create(PACKAGES);
  });
  afterAll(() => tree?.remove());

  /** Their source in a file, by what it is written as. */
  const FORMS: [form: string, write: (name: Name) => string][] = [
    [
      "a list with a file of its key",
      (
        name,
      ) => `install -D -m 644 /repositories/${name}/${KEYS[name]} /usr/share/keyrings/theirs.${name === "tailscale" ? "gpg" : "asc"}
echo 'deb [arch=amd64 signed-by=/usr/share/keyrings/theirs.${name === "tailscale" ? "gpg" : "asc"}] ${LINES[name]}' >/etc/apt/sources.list.d/theirs.list`,
    ],
    [
      "deb822 with a file of its key",
      (
        name,
      ) => `install -D -m 644 /repositories/${name}/${KEYS[name]} /etc/apt/keyrings/theirs.${name === "tailscale" ? "gpg" : "asc"}
${deb822(name, `Signed-By: /etc/apt/keyrings/theirs.${name === "tailscale" ? "gpg" : "asc"}`)}`,
    ],
    [
      "deb822 with the key in it",
      (name) => `${deb822(name, "Signed-By:")}
{ case $(head -c 5 /repositories/${name}/${KEYS[name]}) in -----) cat /repositories/${name}/${KEYS[name]} ;; *) gpg --enarmor </repositories/${name}/${KEYS[name]} 2>/dev/null | sed 's/ARMORED FILE/PUBLIC KEY BLOCK/; /^Comment:/d' ;; esac; } | sed 's/^$/./; s/^/ /' >>/etc/apt/sources.list.d/theirs.sources`,
    ],
  ];

  function deb822(name: Name, key: string): string {
    const [uri, suite, component] = LINES[name].split(" ");
    const components = component === undefined ? "" : `\\nComponents: ${component}`;
    return `printf 'Types: deb\\nURIs: ${uri}\\nSuites: ${suite}${components}\\n${key}\\n' >/etc/apt/sources.list.d/theirs.sources`;
  }

  const CASES = names.flatMap((name) => FORMS.map(([form, write]) => ({ name, form, write })));

  test.each(CASES)(
    "apt-source-twice: $name in $form is used as it is, and apt reads its sources",
    async ({ name, write }) => {
      const packages = REPOSITORIES[name].packages.map((one) => one.name).join(" ");
      const { stdout, stderr } = await tree.run(`${write(name)}
${inner(install(name))}
${STATE}
dpkg-query -W -f '\${Package} \${Status}\\n' ${packages}
apt-get -qq update && echo updated`);
      expect(stdout + stderr).toContain("status 0\nreadable\n");
      expect(stdout).not.toMatch(/^homelab-/m);
      expect(stdout).toMatch(/^updated$/m);
      for (const one of packages.split(" ")) expect(stdout).toContain(`${one} hold ok installed`);
      // Once is enough: it takes as long as all the rest.
      if (name === "docker") expect(await findings(write(name))).toEqual([]);
    },
  );

  test.each([
    ["another key", "signed-by=/usr/share/keyrings/theirs.gpg", "docker"],
    ["a key that isn't there", "signed-by=/usr/share/keyrings/none.gpg", "docker"],
    ["no key at all, trusted", "trusted=yes", "docker"],
    ["another key", "signed-by=/usr/share/keyrings/theirs.gpg", "kubernetes"],
    ["another key", "signed-by=/usr/share/keyrings/theirs.gpg", "tailscale"],
  ] as [string, string, Name][])(
    "apt-source-twice: a source with %s (%s, %s) is refused by its file before the first change, and by the step",
    async (_, options, name) => {
      const other = name === "tailscale" ? "docker/gpg" : "tailscale/bookworm.noarmor.gpg";
      const past = `gpg --dearmor </repositories/${other} >/usr/share/keyrings/theirs.gpg 2>/dev/null || cp /repositories/${other} /usr/share/keyrings/theirs.gpg
echo 'deb [${options}] ${LINES[name]}' >/etc/apt/sources.list.d/theirs.list`;
      expect(await findings(past)).toEqual([
        expect.stringMatching(/^apt-source-twice: \/etc\/apt\/sources\.list\.d\/theirs\.list has the repository /),
      ]);
      const { stdout, stderr } = await tree.run(`${past}\n${inner(install(name))}\n${STATE}`);
      expect(stderr).toContain("w1: past: /etc/apt/sources.list.d/theirs.list has");
      expect(stdout).toBe("status 1\nreadable\ntheirs.list");
    },
  );

  test("apt-source-twice: a source without a key is refused where apt doesn't read ours beside it, and kept where it does", async () => {
    const past = (file: string) => `echo 'deb ${LINES.docker}' >/etc/apt/sources.list.d/${file}`;
    const before = await tree.run(`${past("docker.list")}\n${inner(install("docker"))}\n${STATE}`);
    expect(before.stdout).toContain("status 0\nreadable\ndocker.list\nhomelab-docker.list");
    const after = await tree.run(`${past("theirs.list")}\n${inner(install("docker"))}\n${STATE}`);
    expect(after.stdout).toBe("status 1\nreadable\ntheirs.list");
    expect(after.stderr).toContain(
      "/etc/apt/sources.list.d/theirs.list has file:///repositories/docker too, but its key is not named",
    );
  });

  test("apt-source-twice: ours of a run before makes way for theirs, and apt reads its sources again", async () => {
    const [, write] = FORMS[0] as (typeof FORMS)[0];
    const { stdout } = await tree.run(`${inner(install("docker"))}\n${write("docker")}
apt-get indextargets >/dev/null 2>&1 || echo broken
dpkg --remove --force-hold containerd.io >/dev/null\n${inner(install("docker"))}\n${STATE}`);
    expect(stdout).toMatch(/status 0\nbroken\n[^]*status 0\nreadable\ntheirs\.list$/);
  });

  test("apt-source-twice: a list of ours that can't be fetched, or that apt can't read, is not left behind", async () => {
    const gone = { ...wanted("docker"), suite: " nosuchsuite stable" };
    const script = stepScript({ host: "w1", step: "past", commands: installPackages(gone), standalone: true });
    const { stdout, stderr } = await tree.run(`${inner(script)}\n${STATE}`);
    expect(stdout).toMatch(/status 1\nreadable$/);
    expect(stderr).toContain("nosuchsuite");
    const odd = { ...wanted("docker"), suite: " stable [x" };
    const malformed = stepScript({ host: "w1", step: "past", commands: installPackages(odd), standalone: true });
    expect((await tree.run(`${inner(malformed)}\n${STATE}`)).stdout).toMatch(/status 1\nreadable$/);
  });

  const DEBIAN = `dpkg -i /repositories/debian/pool/{runc,containerd,docker.io,podman}_*.deb`;

  test("docker-removed: what apt would remove of the distribution's is named, and refused by the step too", async () => {
    expect(await findings(DEBIAN)).toEqual([
      expect.stringMatching(
        /^docker-removed: .* removes docker\.io 20\.10\.24\+dfsg1-1, containerd 1\.6\.20~ds1-1, runc 1\.1\.5\+ds1-1 -> /,
      ),
    ]);
    const { stdout, stderr } = await tree.run(`${DEBIAN} >/dev/null\n${inner(install("docker"))}
dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' docker.io containerd runc podman`);
    expect(stderr).toMatch(/apt would remove docker\.io .*nothing was installed; .*\[docker-removed\] in the settings/);
    expect(stdout).toMatch(/status 1\ncontainerd installed\ndocker\.io installed\npodman installed\nrunc installed/);
  });

  test("docker-removed: with the user's consent they are removed, and what can stay stays", async () => {
    const { stdout } = await tree.run(`${DEBIAN} >/dev/null\n${inner(install("docker", ["docker-removed"]))}
dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' docker.io containerd runc podman containerd.io 2>/dev/null || true`);
    expect(stdout).toMatch(/status 0\n/);
    expect(stdout).not.toMatch(/^(docker\.io|containerd|runc) installed/m);
    expect(stdout).toMatch(/containerd\.io installed\npodman installed/);
  });

  test.each([
    ["with its source", `${FORMS[0]?.[1]("docker") ?? ""}\napt-get -qq update\n`],
    ["by dpkg alone", ""],
  ])(
    "docker-removed: Docker CE's newer containerd.io is named, %s, and downgraded with consent alone",
    async (_, source) => {
      const past = `${source}dpkg -i /repositories/docker/pool/{containerd.io_2.3.0,docker-ce}*.deb`;
      expect(await findings(past)).toEqual([
        expect.stringMatching(/^package-downgraded: .* downgrades containerd\.io from 2\.3\.0-1~debian.* to 2\.2\.3-1/),
      ]);
      const state = `dpkg-query -W -f '\${Package} \${Version}\\n' containerd.io docker-ce`;
      const kept = await tree.run(`{ ${past}; } >/dev/null\n${inner(install("docker"))}\n${state}`);
      expect(kept.stdout).toMatch(/status 1\ncontainerd\.io 2\.3\.0-.*\ndocker-ce 5:29\.1\.0/);
      expect(kept.stderr).toContain("apt would downgrade containerd.io from 2.3.0");
      const changed = await tree.run(
        `{ ${past}; } >/dev/null\n${inner(install("docker", ["package-downgraded"]))}\n${state}`,
      );
      expect(changed.stdout).toMatch(/status 0\ncontainerd\.io 2\.2\.3-.*\ndocker-ce 5:29\.1\.0/);
    },
  );

  test("docker-removed: Docker CE with the wanted containerd.io is no finding", async () => {
    const past = "dpkg -i /repositories/docker/pool/{containerd.io_2.2.3,docker-ce}*.deb";
    expect(await findings(past)).toEqual([]);
  });

  test("apt-source-twice, docker-removed: a host with Docker CE and Tailscale by their own instructions is prepared as it is", async () => {
    const past = `${FORMS[1]?.[1]("docker") ?? ""}
mv /etc/apt/sources.list.d/theirs.sources /etc/apt/sources.list.d/docker.sources
install -D -m 644 /repositories/tailscale/${KEYS.tailscale} /usr/share/keyrings/tailscale-archive-keyring.gpg
echo 'deb [signed-by=/usr/share/keyrings/tailscale-archive-keyring.gpg] ${LINES.tailscale}' >/etc/apt/sources.list.d/tailscale.list
apt-get -qq update
apt-get -qq -y install docker-ce containerd.io=2.2.3-${SUFFIX} tailscale`;
    expect(await findings(past)).toEqual([]);
    const steps = [install("docker"), install("kubernetes"), install("tailscale")];
    const { stdout } = await tree.run(`{ ${past}; } >/dev/null 2>&1\n${steps.map(inner).join("\n")}\n${STATE}
apt-get -qq update && echo updated
dpkg-query -W -f '\${Package} \${Status}\\n' docker-ce containerd.io tailscale kubelet`);
    expect(stdout).toMatch(/status 0\n[^]*status 0\n[^]*status 0\nreadable\n/);
    expect(stdout).toMatch(/^docker\.sources\nhomelab-kubernetes\.list\ntailscale\.list\nupdated$/m);
    expect(stdout).toContain(
      "containerd.io hold ok installed\ndocker-ce install ok installed\nkubelet hold ok installed\ntailscale hold ok installed",
    );
  });

  test("docker-removed: packages that can't be finished are a finding of their own", async () => {
    expect(await findings("dpkg -i --force-depends /repositories/debian/pool/docker.io_*.deb || true")).toEqual([
      expect.stringMatching(/^(apt-broken|dpkg-interrupted): /),
    ]);
  });

  /** As apt takes its lock: F_SETLK with struct flock { F_WRLCK, SEEK_SET, 0, 0 }. */
  const HOLDER = `use Fcntl; open(my $f, "+<", $ARGV[0]) or die; my $lock = pack("s s x4 q q l x4", F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $lock) or die; sleep $ARGV[1]; exec @ARGV[2 .. $#ARGV] if @ARGV > 2`;
  /** A package that is unpacked, and not configured, as in the middle of an upgrade. */
  const UNPACKED = "dpkg --unpack /repositories/debian/pool/busy_*.deb >/dev/null";
  const hold = (seconds: number, then = "") =>
    `perl -e ${quote(HOLDER)} /var/lib/dpkg/lock-frontend ${seconds} ${then} & until grep -q POSIX /proc/locks; do sleep 0.1; done`;

  test("apt-busy: the preflight does not judge what another process is at work on, and judges it after that", async () => {
    expect(await findings(`${UNPACKED}\n${hold(60)}`)).toEqual([]);
    expect(await findings(UNPACKED)).toEqual([expect.stringMatching(/^dpkg-interrupted: .*busy is half installed/)]);
  });

  test("apt-busy: the step waits for the lock before it finishes what is half installed", async () => {
    const { stdout, stderr } = await tree.run(`${UNPACKED}
${hold(6, "touch /run/released")}
mv /usr/bin/dpkg /usr/bin/dpkg.real
cat >/usr/bin/dpkg <<'EOF'
#!/bin/sh
case "$*" in *--configure*) [ -e /run/released ] || echo early >/run/early ;; esac
exec /usr/bin/dpkg.real "$@"
EOF
chmod 755 /usr/bin/dpkg
${inner(install("kubernetes"))}
cat /run/early 2>/dev/null || echo waited
dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' busy kubelet`);
    expect(stdout + stderr).toMatch(/status 0\nwaited\nbusy installed\nkubelet installed/);
  });

  const DISC = "echo 'deb cdrom:[Debian GNU/Linux 12.5.0 _Bookworm_ - DVD]/ bookworm main' >/etc/apt/sources.list";
  const LOCAL = "echo 'deb [trusted=yes] file:/repositories/debian ./' >>/etc/apt/sources.list";
  const missingPackages = stepScript({ step: "past", commands: "install_missing podman", standalone: true });

  test.each([
    ["a disc that isn't in its drive", DISC],
    [
      "a disc in deb822",
      "printf 'Types: deb\\nURIs: cdrom:[Debian DVD]/\\nSuites: bookworm\\nComponents: main\\n' >/etc/apt/sources.list.d/dvd.sources; : >/etc/apt/sources.list",
    ],
    [
      "a source that can't be fetched",
      "echo 'deb [trusted=yes] http://127.0.0.1:9/gone bookworm main' >/etc/apt/sources.list.d/gone.list; : >/etc/apt/sources.list",
    ],
    ["a file that apt can't read", "echo 'dob x' >/etc/apt/sources.list.d/broken.list; : >/etc/apt/sources.list"],
  ])("cdrom: %s does not stop what can be had from the others", async (_, past) => {
    const { stdout, stderr } = await tree.run(`rm -f /etc/apt/sources.list.d/*\n${past}\n${LOCAL}
${inner(missingPackages)}\n${inner(install("docker", ["docker-removed"]))}
dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' podman containerd.io`);
    expect(stdout + stderr).toMatch(
      /installed podman[^]*status 0[^]*status 0\n[^]*containerd\.io installed\npodman installed/,
    );
  });

  test("cdrom: a file that apt can't read is named before the first change", async () => {
    expect(await findings("echo 'dob x' >/etc/apt/sources.list.d/broken.list")).toEqual([
      expect.stringMatching(
        /^apt-source-unreadable: apt can't read \/etc\/apt\/sources\.list\.d\/broken\.list: Type 'dob'/,
      ),
    ]);
    expect(await findings(DISC)).toEqual([]);
  });
});

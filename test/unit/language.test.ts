import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/**
 * The words of this project, held in code, messages, docs and workflows. CONTRIBUTING.md defines those that are used; here are
 * those that are not, each with what is said instead. A word that means something else in one place is allowed there, by reason.
 */
const checkout = path.resolve(__dirname, "../..");

interface Rule {
  /** A space stands for any white space, and for the comment signs of a line that was wrapped. */
  not: string;
  but: string;
}

const RULES: readonly Rule[] = [
  { not: String.raw`\banew\b`, but: "recreated; replaced (a resource); again" },
  { not: String.raw`\bmend(s|ed|ing)?\b`, but: "fix, repair" },
  { not: String.raw`\bput(s|ting)? (\w+ ){0,4}right\b`, but: "fix, repair" },
  { not: String.raw`\bnobody\b`, but: "the passive, or who it is" },
  { not: String.raw`\bsomebody\b`, but: "the passive, or who it is" },
  { not: String.raw`\bof one's own\b`, but: "its own, your own" },
  { not: String.raw`\bcomputers?\b`, but: "workstation (it runs Pulumi); host; hypervisor" },
  { not: String.raw`\bplayed`, but: "fake" },
  { not: String.raw`\bstands? in\b(?!-| for\b)`, but: "is in; blocks (the way)" },
  { not: String.raw`stand-?ins?(?![a-z])`, but: "fake" },
  { not: String.raw`\bis of it\b`, but: "belongs to it" },
  { not: String.raw`\bgo(es)? with (it|them|the)\b`, but: "is deleted with" },
  { not: String.raw`\bclaim(s|ed)?\b|Claims?\b(?<!VolumeClaims?)`, but: "expected state" },
  { not: String.raw`\blook(s|ed|ing)? at\b|\blook(s|ed)?-?At|\blook-at`, but: "inspect; facts, preflight check" },
  { not: "gather", but: "read the facts" },
  { not: String.raw`\bwaysIn\b|\bways in\b`, but: "loginMethods; login methods" },
  { not: String.raw`\bdiall?(ed|ing)\b`, but: "connect" },
  { not: String.raw`\bby chance\b`, but: "random; seeded random" },
  { not: String.raw`\bunless-?gone\b`, but: "skip if unreachable" },
  { not: String.raw`\bnot-here\b`, but: "requirements" },
];

/** The same for the names of files and folders. */
const NAMES: readonly Rule[] = [
  { not: "played", but: "fake-*" },
  { not: "stand-?in", but: "fake-*" },
  { not: "anew", but: "replacement" },
  { not: "not-here", but: "requirements" },
  { not: String.raw`\belsewhere\.ts$`, but: "other-workstation" },
  { not: String.raw`\bchance\b`, but: "seeded-random" },
  { not: "unless-gone", but: "skip-if-unreachable" },
  { not: "claims", but: "expected-state" },
  { not: "gather|look-at|\\blook\\b", but: "facts, preflight" },
];

/** Where such a word means something else. `text` is in the line. */
const ALLOWED: readonly { file: RegExp; text: RegExp; why: string }[] = [
  {
    file: /^lab\/packages\/image\.ts$|^lab\/addons\/argocd\/images\.ts$/,
    text: /nobody:x:65534/,
    why: "the Unix user",
  },
  {
    file: /^checks\/own-(pod|namespace)\.ts$|^components\/addons\/longhorn\/check\.ts$|^test\/cluster\/folder-provisioner\.ts$/,
    text: /claim/i,
    why: "a PersistentVolumeClaim",
  },
  {
    file: /^providers\/machines\/nspawn\/(record|tree)\.ts$|^test\/host\/nspawn\.test\.ts$/,
    text: /"claimed"/,
    why: "in the records of machines that are there",
  },
  {
    file: /./,
    text: /homelab\/claims|"claims"|`claims`|expected claims kubeadm/,
    why: "a folder of earlier checkouts on hosts, which is removed",
  },
];

/** Lists of the words that aren't used, history, and what tools write. */
const OUTSIDE =
  /^(CHANGELOG\.md|LICENSE)$|^test\/unit\/language\.test\.ts$|(^|\/)package-lock\.json$|(^|\/)go\.(sum|mod)$/;

/** What git has, and what it would take in. */
function sources(): string[] {
  const args = [
    "-c",
    "safe.directory=*",
    "ls-files",
    "-z",
    "--cached",
    "--others",
    "--exclude-standard",
    "--deduplicate",
  ];
  const files = execFileSync("git", args, { cwd: checkout, encoding: "utf8", maxBuffer: 1 << 26 });
  return files.split("\0").filter((file) => file !== "" && !OUTSIDE.test(file));
}

interface Hit {
  file: string;
  line: number;
  word: string;
  text: string;
  but: string;
}

function expression({ not }: Rule): RegExp {
  return new RegExp(not.replaceAll(" ", String.raw`(?:\s+(?:\*|//|#)?\s*)`), "gi");
}

function hitsIn(file: string, source: string): Hit[] {
  return RULES.flatMap((rule) =>
    [...source.matchAll(expression(rule))].map(({ 0: word, index }) => {
      const before = source.slice(0, index).split("\n");
      const text = `${before.at(-1)}${source.slice(index).split("\n")[0]}`.trim();
      return { file, line: before.length, word: word.replace(/\s+(\*|\/\/|#)?\s*/g, " "), text, but: rule.but };
    }),
  );
}

const isAllowed = ({ file, text }: Hit, allowed = ALLOWED): boolean =>
  allowed.some((one) => one.file.test(file) && one.text.test(text));

const files = sources();
const hits = files.flatMap((file) => {
  try {
    return hitsIn(file, readFileSync(path.join(checkout, file), "utf8"));
  } catch {
    return []; // Deleted, and not committed yet.
  }
});

test("says what it means in the project's own words", () => {
  expect(files.length).toBeGreaterThan(300);
  expect(
    hits.filter((hit) => !isAllowed(hit)).map(({ file, line, word, but }) => `${file}:${line}: "${word}", say: ${but}`),
  ).toEqual([]);
});

test("names files by them too", () => {
  const named = files.flatMap((file) =>
    NAMES.filter((rule) => expression(rule).test(file)).map(({ but }) => `${file}: say: ${but}`),
  );
  expect(named).toEqual([]);
});

test("allows no word where it isn't used any more", () => {
  for (const allowed of ALLOWED)
    expect([allowed.why, hits.some((hit) => isAllowed(hit, [allowed]))]).toEqual([allowed.why, true]);
});

test.each([
  ["the VM is made\n * anew by it", "anew"],
  ["fix what\n// it says and put\n// that right", "put that right"],
  ["PlayedNodes", "Played"],
])("finds what is meant in %j", (text, word) => {
  expect(hitsIn("a.ts", text).map((hit) => hit.word)).toEqual([word]);
});

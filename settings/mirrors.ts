import { z } from "zod";
import { aptKeyFingerprints, aptRepositories } from "../versions";
import { imageRegistries } from "./containerd";
import { described, type Format, pattern, text } from "./fields";
import { mirrorUrl } from "./formats";
import type { Problem } from "./messages/problems";

const isFile = (fingerprint: string) => /^\.\/\S/.test(fingerprint);

const fingerprint: Format = (value) =>
  /^[0-9A-F]{40}$/i.test(value.replaceAll(" ", "")) || isFile(value)
    ? undefined
    : "is not the fingerprint of an OpenPGP key: 40 hexadecimal digits, as `gpg --show-keys --fingerprint` prints them";

const plainName: Format = pattern(
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/,
  40,
  "is not a name: lower-case letters, digits and hyphens",
);

const aptRepository = (what: string, url: string, key: string) =>
  described(
    `The apt repository of ${what}`,
    z.strictObject({
      url: text(mirrorUrl, "Address; `{minor}` and `{distribution}` are filled in").default(url),
      fingerprint: text(
        fingerprint,
        "Fingerprint of its primary key, or `./FILE` with it in the project's folder; another key is refused",
      ).default(key),
    }),
  ).prefault({});

export const mirrorsSchema = z.strictObject({
  apt: described(
    "Where packages come from",
    z.strictObject({
      kubernetes: aptRepository(
        "kubelet, kubeadm and kubectl",
        aptRepositories.kubernetes,
        aptKeyFingerprints.kubernetes,
      ),
      docker: aptRepository("containerd.io", aptRepositories.docker, aptKeyFingerprints.docker),
      tailscale: aptRepository("tailscale", aptRepositories.tailscale, aptKeyFingerprints.tailscale),
    }),
  ).prefault({}),
  registry: text(
    mirrorUrl,
    `One registry that has the images of all others, each under its own name: \`ADDRESS/quay.io\` for quay.io. Used for ${imageRegistries.join(", ")}; \`containerd.mirrors\` goes before it`,
  ).optional(),
  charts: described(
    "A Helm repository that has all charts; by default each chart comes from its own",
    z.strictObject({
      name: text(plainName, "Name under which the charts' digests are recorded"),
      url: text(mirrorUrl, "Address, as the workstation reaches it"),
    }),
  ).optional(),
});

function compact(fingerprint: string): string {
  return fingerprint.replaceAll(" ", "").toUpperCase();
}

/** With the placeholders of addresses filled in, and fingerprints as gpg compares them. */
export function completeMirrors({ apt, ...mirrors }: z.output<typeof mirrorsSchema>, kubernetesMinor: string) {
  const complete = ({ url, fingerprint }: (typeof apt)["kubernetes"]) => ({
    url: url.replaceAll("{minor}", kubernetesMinor),
    fingerprint: isFile(fingerprint) ? fingerprint : compact(fingerprint),
  });
  return {
    ...mirrors,
    apt: { kubernetes: complete(apt.kubernetes), docker: complete(apt.docker), tailscale: complete(apt.tailscale) },
  };
}

type AptRepositories = Readonly<
  Record<"kubernetes" | "docker" | "tailscale", { readonly url: string; readonly fingerprint: string }>
>;

/**
 * The repositories with what their files of fingerprints say, or all that is wrong with these. Pure.
 *
 * @param read answers what a file has, or nothing where it can't be read
 */
export function withFingerprints(
  apt: AptRepositories,
  read: (file: string) => string | undefined,
): { apt: AptRepositories; problems: Problem[] } {
  const problems: Problem[] = [];
  const resolved = Object.entries(apt).map(([name, repository]) => {
    if (!isFile(repository.fingerprint)) return [name, repository] as const;
    const file = repository.fingerprint;
    const text = read(file)?.trim();
    const complaint = text === undefined ? "can't be read" : fingerprint(text);
    if (complaint)
      problems.push({ path: ["mirrors", "apt", name, "fingerprint"], message: fileProblem(file, complaint) });
    return [name, { ...repository, fingerprint: compact(text ?? "") }] as const;
  });
  return { apt: Object.fromEntries(resolved) as AptRepositories, problems };
}

/** The lab's own is made by `make`, with the mirror's key. */
function fileProblem(file: string, complaint: string): string {
  return `what is in ${file} ${complaint}. \`make up\` and \`make preview\` write the lab's; for another stack write the fingerprint itself`;
}

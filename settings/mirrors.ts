import { z } from "zod";
import { aptKeyFingerprints, aptRepositories } from "../versions";
import { imageRegistries } from "./containerd";
import { described, type Format, pattern, text } from "./fields";
import { mirrorUrl } from "./formats";

const fingerprint: Format = (value) =>
  /^[0-9A-F]{40}$/i.test(value.replaceAll(" ", ""))
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
      fingerprint: text(fingerprint, "Fingerprint of its primary key; another key is refused").default(key),
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

/** With the placeholders of addresses filled in, and fingerprints as gpg compares them. */
export function completeMirrors({ apt, ...mirrors }: z.output<typeof mirrorsSchema>, kubernetesMinor: string) {
  const complete = ({ url, fingerprint }: (typeof apt)["kubernetes"]) => ({
    url: url.replaceAll("{minor}", kubernetesMinor),
    fingerprint: fingerprint.replaceAll(" ", "").toUpperCase(),
  });
  return {
    ...mirrors,
    apt: { kubernetes: complete(apt.kubernetes), docker: complete(apt.docker), tailscale: complete(apt.tailscale) },
  };
}

import * as yaml from "js-yaml";

import { packagesIndex, releaseFile } from "../../../lab/packages/apt-repository";
import { chartIndex } from "../../../lab/packages/charts";

test("a Packages index is one paragraph a package, with where its file is and its hash", () => {
  const one = { control: "Package: a\nVersion: 1\n", file: "amd64/a_1_amd64.deb", bytes: 3, sha256: "aa" };
  const other = { ...one, control: "Package: b\nVersion: 2", file: "amd64/b_2~x_amd64.deb" };
  expect(packagesIndex([one, other])).toBe(
    "Package: a\nVersion: 1\nFilename: amd64/a_1_amd64.deb\nSize: 3\nSHA256: aa\n\n" +
      "Package: b\nVersion: 2\nFilename: amd64/b_2~x_amd64.deb\nSize: 3\nSHA256: aa\n",
  );
});

test("a Release file names each index with its hash and size in bytes, and never expires", () => {
  const text = releaseFile({ label: "L", suite: "bookworm", components: ["stable"] }, { "stable/Packages": "é" });
  expect(text).toContain("\nCodename: bookworm\n");
  expect(text).toContain("\nComponents: stable\n");
  expect(text).toContain("\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n");
  expect(
    text.endsWith("\nSHA256:\n 4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c 2 stable/Packages\n"),
  ).toBe(true);
  expect(text).not.toContain("Valid-Until");
});

test("the Release file of a flat repository has neither suite nor components", () => {
  expect(releaseFile({ label: "L" }, { Packages: "" })).not.toMatch(/^(Suite|Codename|Components)/m);
});

test("a chart index gives each chart's own metadata, digest and an address relative to itself", () => {
  const metadata = { name: "cilium", version: "1.20.2", description: "networking" };
  const index = yaml.load(chartIndex([{ metadata, file: "cilium-1.20.2.tgz", sha256: "ab" }]));
  expect(index).toMatchObject({
    apiVersion: "v1",
    entries: { cilium: [{ ...metadata, digest: "ab", urls: ["cilium-1.20.2.tgz"] }] },
  });
});

import * as fs from "node:fs";
import * as os from "node:os";
import path from "node:path";
import execa from "execa";
import {
  buildScript,
  deb822Lines,
  imageKey,
  imagePath,
  removeImagesScript,
  sourcesFor,
} from "../../../providers/machines/nspawn/base-image";

const bookworm = { distribution: "debian", release: "bookworm" } as const;
const HOST = { id: "debian", codename: "bookworm" };

const SOURCES = `Types: deb
# a comment
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb-src
URIs: http://mirror.example.org/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://key.example.org/
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 -----END PGP PUBLIC KEY BLOCK-----
`;

test("a .sources file becomes lines: one for each suite, without sources that are off or carry a key inline", () => {
  const signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
  expect(deb822Lines(SOURCES)).toEqual([
    `deb ${signed} http://mirror.example.org/debian bookworm main contrib`,
    `deb ${signed} http://mirror.example.org/debian bookworm-updates main contrib`,
  ]);
});

test("the image is built from the workstation's own sources of the same release, and from no third party's", () => {
  const own = [
    "deb http://mirror.example.org/debian bookworm main",
    "deb [arch=amd64] http://mirror.example.org/debian-security bookworm-security main",
    "deb http://mirror.example.org/debian trixie main",
    "deb https://packages.example.org/apt cloud-sdk-bookworm main",
  ];
  expect(sourcesFor(bookworm, own, HOST)).toEqual(own.slice(0, 2));
});

test("on a workstation of another release the image is built from the distribution's own repository", () => {
  const own = ["deb http://mirror.example.org/debian trixie main"];
  const sources = sourcesFor(bookworm, own, { id: "debian", codename: "trixie" });
  expect(sources).toEqual([]);
  expect(buildScript("/srv/image.tar", bookworm, sources)).toMatch(/ bookworm "\$image\.part" 9>&-$/m);
  expect(buildScript("/srv/image.tar", bookworm, ["deb …"])).toMatch(
    / bookworm "\$image\.part" "\$image\.list" 9>&-$/m,
  );
});

test("another release is another image", () => {
  expect(imageKey(bookworm)).not.toBe(imageKey({ ...bookworm, release: "trixie" }));
  expect(imagePath("/srv/lab", bookworm)).toBe(`/srv/lab/images/${imageKey(bookworm)}.tar`);
});

test("an image gets its name only when it is whole, and carries no host keys", () => {
  const script = buildScript("/srv/lab/images/x.tar", bookworm, ["deb http://a b main"]);
  expect(script.trimEnd().endsWith('mv "$image.part" "$image"')).toBe(true);
  expect(script).toContain('rm -f "$1"/etc/ssh/ssh_host_*');
});

test("cache-elsewhere: in a folder of the user's own the images are deleted, and nothing else", async () => {
  const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "homelab-images-")), "it's mine");
  const image = `${imageKey(bookworm)}.tar`;
  const mine = ["photo.tar", "debian-12.iso", `copy-of-${image}`, "sub/holiday.jpg"];
  for (const file of [...mine, image, `${image}.lock`, `sub/${image}`]) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), "");
  }
  const remove = () => execa("bash", ["-euc", removeImagesScript(folder)]);
  await remove();
  expect(fs.readdirSync(folder, { recursive: true }).sort()).toEqual([...mine, "sub", `sub/${image}`].sort());
  for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, image), "");
  await remove();
  expect(fs.existsSync(folder)).toBe(false);
  fs.rmdirSync(path.dirname(folder));
});

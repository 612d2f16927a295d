import * as fs from "node:fs";
import * as path from "node:path";
import { cacheRoot } from "../build/cache";
import { must } from "./command";
import { Failure, main } from "./failure";
import { places } from "./places";
import { phase, say } from "./progress";
import { asRoot, requireRoot } from "./root";
import { imagesFolder } from "./stack";

/** `make clean-cache`: removes what `make down` keeps. A cluster that is up keeps running, but can't be repaired from the mirror. */
async function cleanCache(): Promise<void> {
  if (fs.existsSync(places.env)) {
    throw new Failure("a stack is set up, and its mirror serves from the cache", "Run `make down` first.");
  }
  const images = imagesFolder();
  await phase(`removing ${cacheRoot()}`, async () => fs.rmSync(cacheRoot(), { recursive: true, force: true }));
  fs.rmSync(places.homelab, { recursive: true, force: true });
  if (!fs.existsSync(images)) return;
  await requireRoot(`removing ${images}`);
  const [program = "", ...args] = asRoot(["rm", "-r", "--", images]);
  await phase(`removing ${images}`, () => must(`removing ${images}`, program, args));
  say(`Left: ${path.dirname(images)} itself, if another checkout has machines there.`);
}

void main(cleanCache);

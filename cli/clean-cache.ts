import * as fs from "node:fs";
import { cacheRoot, deleteFromCache } from "../lab/build/cache-folder";
import { removeImagesScript } from "../providers/machines/nspawn/base-image";
import { Failure, must } from "../lab/run-program";
import { type Called, runCommand } from "./command-line";
import { places } from "./places";
import { clearHomelab } from "./passphrase";
import { phase } from "./progress";
import { asRoot, requireRoot } from "./workstation";
import { chooseStack } from "./stack";

/** `make clean-cache`: removes what `make down` keeps. A cluster that is up keeps running, but can't be repaired from the mirror. */
async function cleanCache({ stack: wanted }: Called): Promise<void> {
  if (fs.existsSync(places.env)) {
    throw new Failure("a stack is set up, and its mirror serves from the cache", "Run `make down` first.");
  }
  const images = (await chooseStack(wanted)).imagesFolder;
  await phase(`removing ${cacheRoot()}`, async () => deleteFromCache(cacheRoot()));
  clearHomelab();
  if (!fs.existsSync(images)) return;
  await requireRoot(`removing the images in ${images}`);
  const [program = "", ...args] = asRoot(["bash", "-euc", removeImagesScript(images)]);
  await phase(`removing the images in ${images}`, () => must(`removing the images in ${images}`, program, args));
}

void runCommand("clean-cache", cleanCache);

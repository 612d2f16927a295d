import { ensureMirrorWith } from "../lab/addons/mirror";
import { ensureMirrorRunning } from "../lab/mirror-service";
import { sayIn } from "./build-progress";
import { places } from "./places";
import { phase } from "./progress";
import type { Stack } from "./stack";

/** Builds and starts the mirror where the stack's settings expect it on this computer. */
export async function startMirror(stack: Stack): Promise<void> {
  if (stack.mirrorAddresses.length === 0) return;
  const root = await phase("mirror of packages, images and charts", async (running) => {
    const lines: string[] = [];
    const show = sayIn(running);
    const built = await ensureMirrorWith(stack.addons, (line) => {
      lines.push(line);
      show(line);
    });
    running.title(`mirror of packages, images and charts (${lines.length > 0 ? "built" : "cached"})`);
    return built;
  });
  await phase(`mirror at ${stack.mirrorAddresses.join(" and ")}`, () =>
    ensureMirrorRunning({ root, listen: stack.mirrorAddresses, runDir: places.run }),
  );
}

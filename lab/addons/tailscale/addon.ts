import * as path from "node:path";
import { versions } from "../../../versions";
import { ensureDebianBase } from "../../packages/debian-base";
import { type Addon, addChart, addImages } from "../addon";
import { writeTailscaleChart } from "./chart";
import { tailscaleImages } from "./images";
import { buildTailscaleRepository, tailscaleDeb } from "./packages";

/** Name of the lab's Tailscale service among the add-on's binaries. */
export const tailnetProgramName = "homelab-tailnet";

export const tailscaleAddon: Addon = {
  title: "Tailscale",
  binaries: "tailscale",
  minutes: 5,
  sources: __dirname,
  chart: "tailscale-operator",
  recipe: { version: versions.tailscale },
  async fill(root, { binaries, program, pin }) {
    const inside = { chart: path.join(binaries, "chart"), crds: path.join(binaries, "crds") };
    await addChart(root, (source) => writeTailscaleChart(source, inside, pin.version), program);
    await buildTailscaleRepository(path.join(root, "apt", "tailscale"), tailscaleDeb(binaries), program);
    const debian = await ensureDebianBase(program);
    await addImages(root, tailscaleImages({ tailscale: binaries, debian }), program);
  },
};

import * as fs from "node:fs";
import * as path from "node:path";
import { addonVersions } from "../../build/versions";
import { type Addon, addChart, addImages } from "../addon";
import { writeArgocdChart } from "./chart";
import { argocdImage, argocdImages, ensureArgocdBase, redisImage } from "./images";

export const argocdAddon: Addon = {
  title: "Argo CD",
  binaries: "argocd",
  minutes: 8,
  sources: __dirname,
  chart: "argo-cd",
  recipe: { version: addonVersions.argocd },
  async fill(root, { binaries, program, pin }) {
    const text = fs.readFileSync(path.join(binaries, "install.yaml"), "utf8");
    const metadata = { ...pin, appVersion: `v${addonVersions.argocd}` };
    const images = { "quay.io/argoproj/argocd": argocdImage, "public.ecr.aws/docker/library/redis": redisImage };
    await addChart(root, (source) => writeArgocdChart(source, text, metadata, images), program);
    const base = await ensureArgocdBase(program);
    await addImages(root, argocdImages({ argocd: binaries, base }), program);
  },
};

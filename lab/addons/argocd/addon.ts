import * as fs from "node:fs";
import * as path from "node:path";
import { addonVersions } from "../../build/versions";
import { buildCharts } from "../../packages/charts";
import { type Addon, addImages } from "../addon";
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
    const source = path.join(root, "chart");
    const text = fs.readFileSync(path.join(binaries, "install.yaml"), "utf8");
    writeArgocdChart(
      source,
      text,
      { ...pin, appVersion: `v${addonVersions.argocd}` },
      { "quay.io/argoproj/argocd": argocdImage, "public.ecr.aws/docker/library/redis": redisImage },
    );
    await buildCharts(path.join(root, "charts"), [source], program);
    fs.rmSync(source, { recursive: true });
    const base = await ensureArgocdBase(program);
    await addImages(root, argocdImages({ argocd: binaries, base }), program);
  },
};

import { readFileSync } from "node:fs";
import path from "node:path";
import execa from "execa";
import { load } from "js-yaml";

const CHECKOUT = path.resolve(__dirname, "..", "..");

test("the program loads what it needs alone, nothing of SSH and few of Kubernetes' groups: every preview waits for it", async () => {
  const project = load(readFileSync(path.join(CHECKOUT, "Pulumi.yaml"), "utf8")) as {
    main: string;
    runtime: { options: { nodeargs: string } };
  };
  const program = `require("./${project.main}"); console.log(Object.keys(require.cache).join("\\n"))`;
  const { stdout } = await execa("node", [...project.runtime.options.nodeargs.split(" "), "-e", program], {
    cwd: CHECKOUT,
  });
  const loaded = stdout.split("\n");
  expect(loaded).toContain(path.join(CHECKOUT, "settings.ts"));
  expect(loaded.filter((file) => file.includes(`${path.sep}ssh2${path.sep}`))).toEqual([]);
  const kubernetes = loaded.filter((file) => file.includes(path.join("@pulumi", "kubernetes")));
  expect(kubernetes.map((file) => path.basename(file))).toContain("release.js");
  // Its index would load a hundred more.
  expect(kubernetes.length).toBeLessThan(40);
});

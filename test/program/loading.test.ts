import { readFileSync } from "node:fs";
import path from "node:path";
import execa from "execa";
import { load } from "js-yaml";
import { addons } from "../../components/addons/list";

const CHECKOUT = path.resolve(__dirname, "..", "..");
// Half a second on an idle workstation, and many times that beside tests that start machines.
jest.setTimeout(60_000);

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
  // Of an add-on its entry in the list is loaded, and its code where it is on.
  const own = loaded.filter((file) => file.startsWith(path.join(CHECKOUT, "components", "addons") + path.sep));
  const names = own.map((file) => path.relative(path.join(CHECKOUT, "components", "addons"), file));
  for (const { name } of addons) {
    expect(names).toContain(path.join(name, "addon.ts"));
    expect(names).not.toContain(path.join(name, `${name}.ts`));
  }
});

test("the lines of an error are those of its TypeScript file", async () => {
  const failing = `
    // As the SDK does it.
    require("source-map-support/register");
    try { require("./providers/host/shell/quote").quote("\\0"); } catch (error) { console.log(error.stack); }`;
  const { stdout } = await execa("node", ["--require", "./providers/loader.cjs", "-e", failing], { cwd: CHECKOUT });
  const source = readFileSync(path.join(CHECKOUT, "providers/host/shell/quote.ts"), "utf8").split("\n");
  const line = 1 + source.findIndex((text) => text.includes("throw new Error"));
  expect(stdout).toContain(`quote.ts:${line}:`);
});

import { readFileSync } from "node:fs";
import path from "node:path";
import execa from "execa";

const CHECKOUT = path.resolve(__dirname, "..", "..");

// Another text previews every machine and every join of every cluster as changed.
test("what the state keeps of a driver's provider is the text that it has always been", async () => {
  const program = `
    const { runtime } = require("@pulumi/pulumi");
    const { driverProvider } = require("./providers/driver-provider");
    const provider = driverProvider("preflight");
    runtime.serializeFunction(() => provider).then(({ text }) => process.stdout.write(text));`;
  const options = { cwd: CHECKOUT, stripFinalNewline: false };
  const { stdout } = await execa("node", ["--require", "./providers/loader.cjs", "-e", program], options);
  expect(stdout).toBe(readFileSync(path.join(CHECKOUT, "test/unit/golden/driver-provider.txt"), "utf8"));
}, 30_000);

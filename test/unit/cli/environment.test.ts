import execa from "execa";
import { applyEnvironment, environmentFile, environmentFor } from "../../../cli/environment";
import { places } from "../../../cli/places";

const local = { url: "file:///state", description: "", cloud: false };
const installed = { ownHome: false, builtPlugins: [], description: "" };
const made = { path: "/engine", ownHome: true, builtPlugins: ["command"], description: "" };

test("an installed engine and the user's login are left as they are", () => {
  const { path, variables } = environmentFor(installed, {}, {}, "/home/me");
  expect(path).toBeUndefined();
  expect(Object.keys(variables).sort()).toEqual([
    "PULUMI_CONTINUE_ON_ERROR",
    "PULUMI_PARALLEL",
    "PULUMI_SKIP_UPDATE_CHECK",
  ]);
});

test("an engine of ours keeps out of the user's Pulumi folder, but uses its login", () => {
  const { variables } = environmentFor(made, local, { file: "/pass" }, "/home/me/.pulumi");
  expect(variables).toMatchObject({
    PULUMI_HOME: places.pulumiHome,
    PULUMI_CREDENTIALS_PATH: "/home/me/.pulumi",
    PULUMI_BACKEND_URL: "file:///state",
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
  });
});

test("a published passphrase wins over the one of the user's other projects", () => {
  const environment: NodeJS.ProcessEnv = { PATH: "/bin", PULUMI_CONFIG_PASSPHRASE: "mine" };
  applyEnvironment(environmentFor(made, local, { file: "/pass", published: true }, undefined), environment);
  expect(environment.PULUMI_CONFIG_PASSPHRASE).toBeUndefined();
  expect(environment.PULUMI_CONFIG_PASSPHRASE_FILE).toBe("/pass");
  expect(environment.PATH).toBe("/engine:/bin");
});

test("the file for typing by hand survives odd folder names and being sourced twice", async () => {
  const odd = { ...made, path: "/it's a $(folder)" };
  const text = environmentFile(environmentFor(odd, { url: "file:///a b'c" }, {}, undefined), "lab");
  const script = `${text}\n${text}\nprintf '%s\\n' "$PATH" "$PULUMI_BACKEND_URL"`;
  const { stdout } = await execa("sh", ["-c", script], { env: { PATH: "/usr/bin:/bin" }, extendEnv: false });
  expect(stdout.split("\n")).toEqual(["/it's a $(folder):/usr/bin:/bin", "file:///a b'c"]);
});

import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { client } from "../../../lab/multipass/client";
import { CommandFailure } from "../../../lab/multipass/failure";

const PROGRAM = path.resolve("lab/multipass/bin/multipass");

describe("the fake Multipass as a program", () => {
  let home: string;

  beforeEach(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), "fake-multipass-"));
    fs.mkdirSync(path.join(home, "knobs"));
    process.env.FAKE_MULTIPASS_HOME = home;
  });

  afterEach(() => {
    delete process.env.FAKE_MULTIPASS_HOME;
    fs.rmSync(home, { recursive: true });
  });

  /** Runs a command within this process; what main.ts does with a failure is another test's. */
  async function multipass(...words: string[]): Promise<{ exitCode: number; output: string }> {
    let output = "";
    try {
      return { exitCode: await client(words, (text) => void (output += text)), output };
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      return { exitCode: error.exitCode, output: error.message };
    }
  }

  /** Runs it as its users do. */
  async function program(words: string[], input = "") {
    return execa(PROGRAM, words, { input, reject: false });
  }

  const failures: [string, string[], number, string][] = [
    ["an unknown option", ["launch", "--ram", "4G"], 1, "Unknown option 'ram'."],
    ["a second image", ["launch", "24.04", "22.04"], 1, "Too many arguments supplied"],
    ["no CPU", ["launch", "--cpus", "0"], 1, "Error: invalid CPU count '0', need a positive integer value."],
    ["an unknown format", ["info", "--format", "xml"], 1, "Invalid format type given."],
    ["arguments to list", ["list", "a"], 1, "This command takes no arguments"],
    ["no name to delete", ["delete"], 1, "Name argument or --all is required"],
    ["no command to execute", ["exec", "a"], 1, "Wrong number of arguments"],
    ["a bad pair to set", ["set", "a=b=c"], 1, "Bad key-value format."],
    ["a setting of no instance", ["set", "other.cpus=1"], 1, "Unrecognized settings key: 'other.cpus'"],
    [
      "two ends within instances",
      ["transfer", "a:x", "b:y"],
      1,
      "Cannot specify an instance name for both source and destination",
    ],
    [
      "a file that is not there",
      ["launch", "--cloud-init", "/nowhere"],
      1,
      "Could not load cloud-init configuration: ",
    ],
    [
      "a bad network",
      ["launch", "--network", "mode=auto"],
      1,
      "error: Bad network definition, need at least a 'name' field",
    ],
    [
      "a bad mode of a network",
      ["launch", "--network", "name=a,mode=x"],
      1,
      "error: Bad network mode 'x', need 'auto' or 'manual'",
    ],
    [
      "an instance that is not there",
      ["info", "cp1"],
      2,
      'info failed: The following errors occurred:\ninstance "cp1" does not exist',
    ],
    ["one to start", ["start", "cp1"], 2, "start failed: instance(s) missing\nInstance 'cp1' does not exist."],
    [
      "a bad name",
      ["launch", "--name", "a-"],
      2,
      "launch failed: Invalid arguments supplied\nInvalid instance name supplied: a-",
    ],
    [
      "too little memory",
      ["launch", "--memory", "100M"],
      2,
      "launch failed: Invalid arguments supplied\nInvalid memory size value supplied: 100M.",
    ],
    [
      "too small a disk",
      ["launch", "--disk", "100M"],
      2,
      "launch failed: Invalid arguments supplied\nInvalid disk size value supplied: 100M.",
    ],
    ["an unknown image", ["launch", "4.10"], 2, 'launch failed: Unable to find an image matching "4.10" in remote "".'],
    [
      "settings of an instance that isn't there",
      ["set", "local.a.cpus=2"],
      2,
      "set failed: Cannot update instance settings; instance: a; reason: No such instance",
    ],
  ];

  it.each(failures)("%s ends as with the client", async (_, words, exitCode, message) => {
    const ended = await multipass(...words);
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.output.slice(0, message.length)).toBe(message);
  });

  it("an unknown command is named on standard output", async () => {
    const ended = await program(["lunch"]);
    const stdout = `Error: Unknown command or alias 'lunch' (try "multipass help" or "multipass aliases")`;
    expect(ended).toMatchObject({ exitCode: 1, stdout, stderr: "" });
  });

  it("user-data comes by standard input, and what is no YAML is refused by the client", async () => {
    const ended = await program(["launch", "--cloud-init", "-"], "a: [");
    expect(ended).toMatchObject({ exitCode: 1, stdout: "" });
    expect(ended.stderr).toMatch(/^Could not load cloud-init configuration: /);
  });

  it("an empty home has no instances", async () => {
    expect(await multipass("list", "--format", "json")).toEqual({ exitCode: 0, output: '{\n    "list": []\n}\n' });
    expect((await multipass("list")).output).toBe("No instances found.\n");
  });

  it.each([
    ["absent", 2],
    ["unavailable", 3],
  ])(
    "without a daemon (%s) every command fails but version, which says the client's alone",
    async (state, exitCode) => {
      expect(Object.keys(JSON.parse((await multipass("version", "--format=json")).output) as object)).toEqual([
        "multipass",
        "multipassd",
      ]);
      fs.writeFileSync(path.join(home, "knobs", "daemon"), `${state}\n`);
      const ended = await multipass("list");
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.output).toMatch(
        /^list failed: cannot connect to the multipass socket\nPlease ensure multipassd is running/,
      );
      const { output } = await multipass("version", "--format", "json");
      expect(Object.keys(JSON.parse(output) as object)).toEqual(["multipass"]);
    },
  );

  it("a launch can be made to fail, and leaves nothing", async () => {
    fs.writeFileSync(path.join(home, "knobs", "launch-error"), "not enough memory");
    expect(await multipass("launch", "--name", "a")).toEqual({
      exitCode: 2,
      output: "launch failed: not enough memory",
    });
    expect(fs.readdirSync(home)).toEqual(["knobs"]);
  });

  it("a command that only the real client has says so, with an exit code that the client never has", async () => {
    const ended = await program(["snapshot", "a"]);
    expect(ended.exitCode).toBe(70);
    expect(ended.stderr).toContain("the command snapshot is not built");
  });

  it("needs a home of its own", async () => {
    delete process.env.FAKE_MULTIPASS_HOME;
    await expect(multipass("list")).rejects.toThrow("set FAKE_MULTIPASS_HOME");
  });
});

import { parseArguments, timeoutOf } from "../../../lab/multipass/arguments";
import { CommandFailure, errorsOccurred } from "../../../lab/multipass/failure";
import { type Instance, named } from "../../../lab/multipass/instance";
import { parseSize, readableSize } from "../../../lab/multipass/settings";

describe("the fake Multipass's command line", () => {
  const specs = [{ names: ["name", "n"], value: true }, { names: ["purge", "p"] }] as const;

  it.each([
    [["a", "--name", "b", "c"], ["a", "c"], { name: ["b"] }],
    [["--name=b=c"], [], { name: ["b=c"] }],
    [["-n", "b", "-p"], [], { name: ["b"], purge: [""] }],
    [["-pnb"], [], { name: ["b"], purge: [""] }],
    [["a", "--", "--name", "-p"], ["a", "--name", "-p"], {}],
    [["-"], ["-"], {}],
  ])("%j is understood as the client does", (words, positionals, options) => {
    const parsed = parseArguments(words, specs);
    expect(parsed.positionals).toEqual(positionals);
    expect(Object.fromEntries(parsed.options)).toEqual(options);
  });

  it.each([
    [["--nme", "b"], "Unknown option 'nme'."],
    [["-x"], "Unknown option 'x'."],
    [["--name"], "Missing value after '--name'."],
    [["--purge=yes"], "Unexpected value after '--purge'."],
  ])("%j is refused with exit code 1", (words, message) => {
    const parse = () => parseArguments(words, specs);
    expect(parse).toThrow(CommandFailure);
    expect(parse).toThrow(message);
  });

  it.each(["0", "-1", "x", "1.5"])("a time-out of %s is refused", (text) => {
    const parsed = parseArguments([`--timeout=${text}`], [{ names: ["timeout"], value: true }]);
    expect(() => timeoutOf(parsed)).toThrow("error: --timeout value has to be a positive integer");
  });
});

describe("sizes", () => {
  it.each([
    ["4G", 4 * 1024 ** 3],
    ["0.5G", 512 * 1024 ** 2],
    ["42MiB", 42 * 1024 ** 2],
    ["1k", 1024],
    ["1234B", 1234],
    ["512", 512],
    ["0.5", undefined],
    ["4T", undefined],
    ["four", undefined],
  ])("%s is %s bytes", (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it("are printed with one decimal", () => {
    expect([readableSize(4 * 1024 ** 3), readableSize(1.5 * 1024 ** 2), readableSize(12)]).toEqual([
      "4.0GiB",
      "1.5MiB",
      "12B",
    ]);
  });
});

describe("the instances that a command names", () => {
  const instance = (name: string, deleted = false) => ({ name, deleted }) as Instance;
  const all = [instance("a"), instance("b", true)];

  it("are all where none is named, and deleted ones only where they count", () => {
    expect(named("info", [], { deletedToo: true }, all)).toEqual(all);
    expect(named("stop", [], { deletedToo: false }, all)).toEqual([all[0]]);
  });

  it("are refused together, each with its reason", () => {
    const errors = ['instance "b" is deleted', 'instance "c" does not exist'];
    const message = `stop failed: ${errorsOccurred(errors)}`;
    expect(() => named("stop", ["b", "c", "a"], { deletedToo: false }, all)).toThrow(new Error(message));
  });
});

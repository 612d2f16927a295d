import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { cached, keyOf } from "../../../lab/build/cache";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-cache-"));
  process.env.HOMELAB_LAB_CACHE = path.join(folder, "cache");
});

afterEach(() => {
  delete process.env.HOMELAB_LAB_CACHE;
  fs.rmSync(folder, { recursive: true });
});

function module(name: string, files: Record<string, string>): string {
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, name, file), text);
  }
  return path.join(folder, name);
}

describe("the key of an artefact", () => {
  const files = { "go.mod": "module a", "main.go": "package main", "inner/inner.go": "package inner" };

  it("is the same for the same sources in another checkout", () => {
    expect(keyOf({}, [module("one", files)])).toBe(keyOf({}, [module("two", files)]));
  });

  it("is another one when a file in a package inside changes", () => {
    const changed = { ...files, "inner/inner.go": "package inner // changed" };
    expect(keyOf({}, [module("one", files)])).not.toBe(keyOf({}, [module("two", changed)]));
  });

  it("is another one when a file gets another name", () => {
    const { "main.go": main, ...rest } = files;
    expect(keyOf({}, [module("one", files)])).not.toBe(keyOf({}, [module("two", { ...rest, "start.go": main })]));
  });

  it("stays when a test changes, which reaches no binary", () => {
    expect(keyOf({}, [module("one", files)])).toBe(keyOf({}, [module("two", { ...files, "main_test.go": "x" })]));
  });

  it("is another one when the recipe changes", () => {
    expect(keyOf({ tags: ["a"] }, [])).not.toBe(keyOf({ tags: ["b"] }, []));
  });
});

describe("an artefact", () => {
  const write = (text: string) => (result: string) => fs.promises.writeFile(path.join(result, "file"), text);

  it("is made once, and found from then on", async () => {
    const first = await cached("thing", "key", write("first"));
    const second = await cached("thing", "key", write("second"));
    expect(second).toBe(first);
    expect(fs.readFileSync(path.join(second, "file"), "utf8")).toBe("first");
  });

  it("that could not be finished leaves nothing behind, and is made again the next time", async () => {
    const broken = cached("thing", "key", async (result) => {
      await write("half")(result);
      throw new Error("the compiler ran out of memory");
    });
    await expect(broken).rejects.toThrow("the compiler ran out of memory");
    expect(fs.readdirSync(path.join(folder, "cache", "unfinished"))).toEqual([]);
    const result = await cached("thing", "key", write("whole"));
    expect(fs.readFileSync(path.join(result, "file"), "utf8")).toBe("whole");
  });

  it("that two make at the same time is whole for both", async () => {
    const [one, other] = await Promise.all(["one", "other"].map((text) => cached("thing", "key", write(text))));
    expect(one).toBe(other);
    expect(["one", "other"]).toContain(fs.readFileSync(path.join(one ?? "", "file"), "utf8"));
    expect(fs.readdirSync(path.join(folder, "cache", "unfinished"))).toEqual([]);
  });

  it("whose maker was killed is cleaned up after", async () => {
    const killed = spawnSync("true").pid;
    fs.mkdirSync(path.join(folder, "cache", "unfinished", `${killed}-abc`), { recursive: true });
    await cached("thing", "key", write("whole"));
    expect(fs.readdirSync(path.join(folder, "cache", "unfinished"))).toEqual([]);
  });

  it("that is old makes room for newer ones", async () => {
    for (const [age, key] of ["newest", "newer", "old", "oldest"].entries()) {
      const result = await cached("thing", key, write(key));
      const time = new Date(Date.now() - age * 60_000);
      fs.utimesSync(result, time, time);
    }
    await cached("thing", "added", write("added"));
    expect(fs.readdirSync(path.join(folder, "cache", "thing")).sort()).toEqual(["added", "newer", "newest"]);
  });
});

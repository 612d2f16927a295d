import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { cached, keyOf } from "../../../lab/build/cache";
import { cacheRoot, deleteFromCache, openCache } from "../../../lab/build/cache-folder";
import { deleteGoCaches } from "../../../lab/build/go";
import { Failure } from "../../../lab/run-program";

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
    expect(fs.readdirSync(path.join(cacheRoot(), "unfinished"))).toEqual([]);
    const result = await cached("thing", "key", write("whole"));
    expect(fs.readFileSync(path.join(result, "file"), "utf8")).toBe("whole");
  });

  it("that two make at the same time is whole for both", async () => {
    const [one, other] = await Promise.all(["one", "other"].map((text) => cached("thing", "key", write(text))));
    expect(one).toBe(other);
    expect(["one", "other"]).toContain(fs.readFileSync(path.join(one ?? "", "file"), "utf8"));
    expect(fs.readdirSync(path.join(cacheRoot(), "unfinished"))).toEqual([]);
  });

  it("whose maker was killed is cleaned up after", async () => {
    const killed = spawnSync("true").pid;
    fs.mkdirSync(path.join(cacheRoot(), "unfinished", `${killed}-abc`), { recursive: true });
    await cached("thing", "key", write("whole"));
    expect(fs.readdirSync(path.join(cacheRoot(), "unfinished"))).toEqual([]);
  });

  it("that is old makes room for newer ones", async () => {
    for (const [age, key] of ["newest", "newer", "old", "oldest"].entries()) {
      const result = await cached("thing", key, write(key));
      const time = new Date(Date.now() - age * 60_000);
      fs.utimesSync(result, time, time);
    }
    await cached("thing", "added", write("added"));
    expect(fs.readdirSync(path.join(cacheRoot(), "thing")).sort()).toEqual(["added", "newer", "newest"]);
  });
});

describe("a cache in a folder of the user's own", () => {
  const mine = () => path.join(folder, "mine");
  const write = (result: string) => fs.promises.writeFile(path.join(result, "file"), "built");
  const files = ["go/src/main.go", "unfinished/1-novel.txt", "thing/one", "logs/diary", "photo.jpg"];

  beforeEach(() => {
    for (const file of files) {
      fs.mkdirSync(path.dirname(path.join(mine(), file)), { recursive: true });
      fs.writeFileSync(path.join(mine(), file), "mine");
    }
    process.env.HOMELAB_LAB_CACHE = mine();
  });

  const expectMineIsThere = () => {
    expect(files.filter((file) => !fs.existsSync(path.join(mine(), file)))).toEqual([]);
  };

  it("cache-elsewhere: is a folder of its own below it: nothing that builds or cleans up touches the user's files", async () => {
    const result = await cached("thing", "key", write);
    expect(path.relative(mine(), result)).toBe(path.join("homelab-lab", "thing", "key"));
    fs.mkdirSync(path.join(cacheRoot(), "go", "modules"), { recursive: true });
    deleteGoCaches();
    expect(fs.readdirSync(cacheRoot()).sort()).toEqual([".homelab-lab-cache", "thing", "unfinished"]);
    deleteFromCache(cacheRoot());
    expect(fs.existsSync(cacheRoot())).toBe(false);
    expectMineIsThere();
  });

  it("cache-elsewhere: is refused where that folder has files that are not the lab's, and none is deleted", async () => {
    fs.renameSync(mine(), path.join(folder, "homelab-lab"));
    process.env.HOMELAB_LAB_CACHE = path.join(folder, "homelab-lab");
    expect(cacheRoot()).toBe(path.join(folder, "homelab-lab"));
    const refused = /has files that are not the lab's \(photo\.jpg, thing\); nothing in it was touched/;
    await expect(cached("thing", "key", write)).rejects.toThrow(refused);
    for (const deletes of [deleteGoCaches, () => deleteFromCache(cacheRoot())]) expect(deletes).toThrow(refused);
    fs.renameSync(path.join(folder, "homelab-lab"), mine());
    expectMineIsThere();
  });

  it("cache-elsewhere: never loses a file beside it, by whatever path", () => {
    openCache();
    for (const place of [mine(), path.join(cacheRoot(), "..", "photo.jpg"), folder, "/"]) {
      expect(() => deleteFromCache(place)).toThrow(Failure);
    }
    expectMineIsThere();
  });

  it("of before there was a marker is used as it is, and can be deleted", async () => {
    const root = path.join(folder, "homelab-lab");
    process.env.HOMELAB_LAB_CACHE = root;
    for (const name of [
      "go",
      "logs",
      "unfinished",
      "binaries-etcd/key",
      "debian-base/key",
      "engine/key",
      "mirror/key",
    ]) {
      fs.mkdirSync(path.join(root, name), { recursive: true });
    }
    for (const name of ["build.lock", "build.lock.holder", "times.tsv"]) fs.writeFileSync(path.join(root, name), "");
    const never = () => Promise.reject(new Error("it was built again"));
    await expect(cached("mirror", "key", never)).resolves.toBe(path.join(root, "mirror", "key"));
    expect(openCache()).toBe(root);
    expect(fs.existsSync(path.join(root, ".homelab-lab-cache"))).toBe(true);
    deleteFromCache(root);
    expect(fs.existsSync(root)).toBe(false);
  });

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot("is refused where another user made it (skipped without root: only root gives a folder away)", () => {
    fs.mkdirSync(cacheRoot());
    fs.chownSync(path.join(mine(), "homelab-lab"), 65534, 65534);
    const refused = "belongs to another user (id 65534), whose programs would run as root in the lab's machines";
    expect(cacheRoot).toThrow(refused);
    process.env.SUDO_UID = "65534";
    expect(cacheRoot()).toBe(path.join(mine(), "homelab-lab"));
    delete process.env.SUDO_UID;
  });
});

import { symlink } from "node:fs/promises";
import path from "node:path";
import execa from "execa";
import { CHECKOUT } from "./lab-settings";

/** Copies what git has of the checkout into a folder that is there, but for the tests; the npm packages are linked. */
export async function copyCheckout(folder: string): Promise<void> {
  const files = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: CHECKOUT });
  const list = files.stdout.split("\0").filter((file) => file !== "" && !file.startsWith("test/"));
  await execa("cp", ["--parents", "--target-directory", folder, ...list], { cwd: CHECKOUT });
  await symlink(path.join(CHECKOUT, "node_modules"), path.join(folder, "node_modules"));
}

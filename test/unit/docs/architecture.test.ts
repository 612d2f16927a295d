import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { neededPorts } from "../../../providers/host/preflight/ports";
import { root, topFolders } from "./named-paths";

const read = (file: string): string => readFileSync(path.join(root, file), "utf8");

/** The cells of a table's rows, below a heading. */
function table(page: string, heading: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const lines = (section.split("\n## ")[0] ?? "").split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const needed = neededPorts({ apiPort: 6443, cilium: true, hubble: true });

test("the ports of the architecture's page are those that the preflight checks, and few more", () => {
  const rows = table(read("docs/architecture.md"), "Ports");
  for (const { port, protocol, on, from } of needed) {
    const row = rows.find(([first, second]) => first === String(port) && second === protocol.toUpperCase());
    expect([port, row?.[2]]).toEqual([port, on === "all" ? "all nodes" : "control plane"]);
    expect([port, row?.[3]]).toEqual([port, expect.stringMatching(from === "none" ? /^the host/ : /node|control/)]);
  }
  const others = rows.filter(([first]) => !needed.some(({ port }) => String(port) === first)).map(([first]) => first);
  expect(others).toEqual(["22, or `ssh.port`", "9965", "41641", "5080"]);
});

test("docs/metal.md names the ports that a firewall between the hosts must let through", () => {
  const [section = ""] = /\n### Firewalls\n[\s\S]*?\n### /.exec(read("docs/metal.md")) ?? [];
  const [table = ""] = /(\|.*\|\n)+/.exec(section) ?? [];
  const between = needed.filter(({ from, on }) => from === "all" && (on === "all" || on === "control-plane"));
  for (const { port } of between) expect(table).toContain(String(port));
});

test("the layout's table has every folder at the top and every path in it exists", () => {
  const cells = table(read("docs/architecture.md"), "Layout").map(([first = ""]) => first);
  const paths = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));
  for (const one of paths.filter((each) => !each.includes("*")))
    expect([one, existsSync(path.join(root, one))]).toEqual([one, true]);
  expect(topFolders.filter((name) => !paths.some((each) => each.startsWith(`${name}/`)))).toEqual([]);
});

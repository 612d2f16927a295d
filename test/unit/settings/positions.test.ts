import { settingLines } from "../../../settings/positions";

const TEXT = `# a comment
config:
  homelab:sysctls:
    vm.swappiness: 10
    "net.ipv4.ip_forward": 1
  homelab:machines:
    nodes:
      - name: cp1
        role: control-plane
      - role: worker
        name: worker1
  other:sysctls: { vm.swappiness: 1 }
  homelab:addons: { cilium: { hubble: { ui: true } } }
`;

test.each([
  [["sysctls", "vm.swappiness"], 4],
  [["sysctls", "net.ipv4.ip_forward"], 5],
  [["machines", "nodes", "cp1"], 8],
  [["machines", "nodes", "worker1"], 11],
  [["machines", "nodes", "worker1", "role"], 10],
  [["addons", "cilium", "hubble", "ui"], 13],
  [["addons"], 13],
  [["sysctls", "vm.overcommit_memory"], undefined],
  [["ssh"], undefined],
  [[], undefined],
])("the line of %j is %p", (path, line) => expect(settingLines(TEXT)(path)).toBe(line));

test("a file without settings has no lines", () => {
  expect(settingLines("")(["ssh"])).toBeUndefined();
  expect(settingLines("config:\n")(["ssh"])).toBeUndefined();
});

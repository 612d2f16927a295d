import { authorizedKeyScript } from "../../../providers/machines/multipass/change";
import { testShellcheck } from "../../harness/shellcheck";

const script = authorizedKeyScript({ name: "cp1", user: "homelab", authorizedKey: "ssh-ed25519 AAAA it's mine\n" });

test("the script puts one key in the place of all others, with a rename, for its user alone", () => {
  const lines = script.split("\n");
  const at = lines.indexOf("home=$(getent passwd homelab | cut -d: -f6)");
  expect(lines.slice(at, at + 6)).toEqual([
    "home=$(getent passwd homelab | cut -d: -f6)",
    'install -d -m 700 -o homelab -g homelab "$home/.ssh"',
    `printf '%s\\n' 'ssh-ed25519 AAAA it'\\''s mine' >"$home/.ssh/authorized_keys.part"`,
    'chown homelab: "$home/.ssh/authorized_keys.part"',
    'chmod 600 "$home/.ssh/authorized_keys.part"',
    'mv "$home/.ssh/authorized_keys.part" "$home/.ssh/authorized_keys"',
  ]);
});

testShellcheck("the script", script, []);

import { utils } from "ssh2";
import { generateKeyPair } from "../../../providers/machines/ssh-key/key-pair";

/** Of as many that ssh2 makes by itself, some are malformed all but surely: 1 - (255/256)^1500 = 0.997. */
const MANY = 1500;

test("every key pair can be read again, and its halves belong together", () => {
  for (let made = 0; made < MANY; made++) {
    const pair = generateKeyPair("a comment");
    const [open, secret] = [utils.parseKey(pair.public), utils.parseKey(pair.private)];
    if (open instanceof Error) throw open;
    if (secret instanceof Error) throw secret;
    expect(secret.getPublicSSH()).toEqual(open.getPublicSSH());
  }
});

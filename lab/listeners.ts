import * as fs from "node:fs";

/** Who listens on this workstation, as Linux tells every user. */

/** A socket that waits for connections. */
export interface Listener {
  /** IPv4; IPv6 as Linux writes it, 32 hexadecimal digits. */
  readonly address: string;
  readonly port: number;
  /** Id of the user whose process made it. */
  readonly uid: number;
}

const LISTENING = "0A";
/** `::`, where IPv4 connections arrive too, and the beginning of an IPv4 address in IPv6. */
const EVERYWHERE_6 = "0".repeat(32);
const MAPPED = /^0{16}(?:0000FFFF|FFFF0000)([0-9A-F]{8})$/;

/** The listening sockets in the text of /proc/net/tcp or /proc/net/tcp6. Pure. */
export function listenersIn(text: string): Listener[] {
  return text
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const [, local = "", , state, , , , uid] = line.trim().split(/\s+/);
      const [address = "", port = ""] = local.split(":");
      if (state !== LISTENING) return [];
      return [{ address: readable(address), port: parseInt(port, 16), uid: Number(uid) }];
    });
}

/** The kernel writes the four bytes of an IPv4 address in the order of the machine's memory: the last comes first. */
function readable(address: string): string {
  const four = address.length === 8 ? address : MAPPED.exec(address)?.[1];
  if (!four) return address;
  return [6, 4, 2, 0].map((at) => parseInt(four.slice(at, at + 2), 16)).join(".");
}

/** The sockets that take connections to `address:port`, an IPv4 address; none where this is no Linux. */
export function listenersAt(place: string): Listener[] {
  const [address, port] = place.split(":");
  const all = ["/proc/net/tcp", "/proc/net/tcp6"].filter((file) => fs.existsSync(file));
  return all
    .flatMap((file) => listenersIn(fs.readFileSync(file, "utf8")))
    .filter((socket) => socket.port === Number(port))
    .filter((socket) => [address, "0.0.0.0", EVERYWHERE_6].includes(socket.address));
}

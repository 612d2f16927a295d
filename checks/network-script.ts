import { quote, quoteAll } from "../providers/host/shell/quote";

/** How long the network may take to know new pods and a new service, in seconds: after that, what fails has failed. */
const SETTLE_SECONDS = 25;
/** The same for a name that may be unknown, where the internet is out of reach. In seconds. */
const OUTSIDE_SECONDS = 8;
/** How long one request may take, in seconds. */
const REQUEST_SECONDS = 3;
/** A name outside every cluster that is there for such uses (RFC 2606). */
export const OUTSIDE_NAME = "example.com";

/** Port that every pod may reach, and port that only the invited one may. */
export const OPEN_PORT = 8080;
export const GUARDED_PORT = 8081;
/** Every answer of the checks' servers begins with it. */
const ANSWER = "homelab-check";

/** What a client asks: a kind of way, a word for the result's line; and a host or `host:port`. */
interface Request {
  way: string;
  to: string;
  /** What the result is told apart by, as a node's name. */
  target: string;
}

interface ClientArgs {
  /** Must answer. */
  requests: readonly Request[];
  /** Must be refused. */
  refused?: readonly Request[];
  /** Names that must have an address, each with the address; without one any will do. */
  names?: readonly { way: string; name: string; address?: string }[];
}

/** A web server at both ports, whose every answer ends with the node's name. */
export function serverScript(node: string): string {
  return `mkdir www && echo ${quote(`${ANSWER} ${node}`)} >www/index.html
httpd -p ${GUARDED_PORT} -h /check/www
exec httpd -f -p ${OPEN_PORT} -h /check/www
`;
}

/**
 * For busybox' shell. Tries all at once, each until it is as it should be or the time is over, and prints a line for each:
 * `result <way> <target> ok`, or `result <way> <target> failed <the last that was said>`.
 */
export function clientScript({ requests, refused = [], names = [] }: ClientArgs): string {
  const request = (which: string) => (asked: Request) =>
    `${which} ${quoteAll([asked.way, asked.target, `http://${asked.to}/`])} &`;
  return `start=$(date +%s)
over() { [ $(($(date +%s) - start)) -ge "$1" ]; }
ask() { timeout ${REQUEST_SECONDS} wget -q -O - "$1" 2>&1; }
failed() { echo "result $1 $2 failed $(echo "$3" | tail -n 1)"; }
answers() {
  while :; do
    said=$(ask "$3")
    case $said in ${quote(ANSWER)}*) echo "result $1 $2 ok" && return ;; esac
    if over ${SETTLE_SECONDS}; then failed "$1" "$2" "\${said:-no answer within ${REQUEST_SECONDS} s}" && return; fi
    sleep 1
  done
}
refuses() {
  while :; do
    said=$(ask "$3")
    case $said in ${quote(ANSWER)}*) ;; *) echo "result $1 $2 ok" && return ;; esac
    if over ${SETTLE_SECONDS}; then failed "$1" "$2" answered && return; fi
    sleep 1
  done
}
resolves() {
  while :; do
    said=$(timeout ${REQUEST_SECONDS} nslookup "$2" 2>&1)
    case $said in *Name:*"$3"*) echo "result $1 $2 ok" && return ;; esac
    if over "$4"; then failed "$1" "$2" "\${said:-no answer within ${REQUEST_SECONDS} s}" && return; fi
    sleep 1
  done
}
${[
  ...requests.map(request("answers")),
  ...refused.map(request("refuses")),
  // Without an address the name is one of the internet.
  ...names.map(
    ({ way, name, address }) =>
      `resolves ${quoteAll([way, name, address ?? "Address"])} ${address ? SETTLE_SECONDS : OUTSIDE_SECONDS} &`,
  ),
].join("\n")}
wait
`;
}

/** One line of a client's log. */
export interface Result {
  way: string;
  target: string;
  /** What was said last, where it is not as it should be. */
  failed?: string;
}

export function readResults(log: string): Result[] {
  return [...log.matchAll(/^result (\S+) (\S+) (?:ok|failed ?(.*))$/gm)].map(([, way = "", target = "", said]) =>
    said === undefined ? { way, target } : { way, target, failed: said || "no answer" },
  );
}

import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { dump } from "js-yaml";

/** A Helm repository on loopback that serves one chart. */
export interface ChartRepository {
  url: string;
  /** sha256 of the chart's bytes. */
  digest: string;
  /** Paths that were asked for. */
  requests: string[];
  /** Serves other bytes under the same name. */
  replace(bytes: Bytes): void;
  /** Hangs up in the middle of the next so many answers with the chart. */
  cut(answers: number): void;
  close(): Promise<void>;
}

type Bytes = string | Uint8Array;

export async function serveChart(name: string, version: string, bytes: Bytes): Promise<ChartRepository> {
  let served = bytes;
  let cut = 0;
  const requests: string[] = [];
  const index = dump({ apiVersion: "v1", entries: { [name]: [{ name, version, urls: [`${name}-${version}.tgz`] }] } });
  const server = http.createServer((request, response) => {
    requests.push(request.url ?? "");
    if (request.url === "/index.yaml") response.end(index);
    else if (request.url === `/${name}-${version}.tgz`) {
      if (cut-- > 0) cutOff(response, served);
      else response.end(served);
    } else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    digest: createHash("sha256").update(bytes).digest("hex"),
    requests,
    replace: (other) => {
      served = other;
    },
    cut: (answers) => {
      cut = answers;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function cutOff(response: http.ServerResponse, bytes: Bytes): void {
  const whole = Buffer.from(bytes as string);
  response.writeHead(200, { "content-length": whole.length });
  response.write(whole.subarray(0, whole.length / 2), () => response.destroy());
}

import { type Answer, startServer } from "./in-process-server";

/** Says hello, whatever the command is. */
export const hello: Answer = (channel) => {
  channel.write("hello\n");
  channel.exit(0);
  channel.end();
};

/** `startServer` for the tests of a file, each of whose servers is closed after the test that started it. */
export function serversOfTest(): typeof startServer {
  const started: Awaited<ReturnType<typeof startServer>>[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((each) => each.close()));
  });
  return async (options) => {
    const server = await startServer(options);
    started.push(server);
    return server;
  };
}

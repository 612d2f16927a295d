import { withSsh } from "../../../providers/host/ssh/connect";
import { HostError } from "../../../providers/host/ssh/errors";
import { succeeded } from "../../../providers/host/ssh/run";
import type { RunOptions, RunResult } from "../../../providers/host/ssh/target";
import { type Answer, startServer } from "./in-process-server";

const OPTIONS: RunOptions = { timeoutSeconds: 5 };

async function run(answer: Answer, options: RunOptions = OPTIONS): Promise<RunResult> {
  const server = await startServer({ answer });
  try {
    return await withSsh(server.target, { timeoutSeconds: 5 }, "working", (session) => session.run("x", options));
  } finally {
    await server.close();
  }
}

test("keeps standard output and standard error apart, and answers a failing command's exit code", async () => {
  const result = await run((channel) => {
    channel.write("out");
    channel.stderr.write("err");
    channel.exit(3);
    channel.end();
  });
  expect(result).toEqual({ stdout: "out", stderr: "err", exitCode: 3 });
});

test("gives the command its standard input, and then its end", async () => {
  const result = await run(
    (channel) => {
      const chunks: Buffer[] = [];
      channel.on("data", (chunk: Buffer) => chunks.push(chunk));
      channel.on("end", () => {
        channel.write(Buffer.concat(chunks));
        channel.exit(0);
        channel.end();
      });
    },
    { ...OPTIONS, stdin: "ümläute\n".repeat(50_000) },
  );
  expect(result.stdout).toBe("ümläute\n".repeat(50_000));
});

test("a signal is told from an exit code, and is never 0", async () => {
  const result = await run((channel) => {
    channel.exit("KILL", false, "");
    channel.end();
  });
  expect(result).toMatchObject({ exitCode: 137, signal: "SIGKILL" });
});

test("a command that runs too long is given up, and the message says that it may still run", async () => {
  const running = run(() => undefined, { timeoutSeconds: 0.3 });
  await expect(running).rejects.toMatchObject({ kind: "timeout", subject: "node1" });
  await expect(running).rejects.toThrow("longer than 0.3 s");
});

test("a command that prints without end is given up", async () => {
  const running = run(
    (channel) => {
      channel.write(Buffer.alloc(5_000, "y"));
    },
    { ...OPTIONS, maxOutputBytes: 1_000 },
  );
  await expect(running).rejects.toThrow("more than 1000 bytes");
});

test("an end without an exit code is a lost connection, not a success", async () => {
  await expect(run((channel) => channel.close())).rejects.toMatchObject({ kind: "unreachable" });
});

test("an error keeps what a failed command said", async () => {
  const server = await startServer({
    answer: (channel) => {
      channel.stderr.write("E: no such package\n");
      channel.exit(100);
      channel.end();
    },
  });
  const failing = withSsh(server.target, { timeoutSeconds: 5 }, "working", async ({ run: command, target }) =>
    succeeded(target.name, "installing containerd", await command("apt-get install containerd.io", OPTIONS)),
  );
  await expect(failing).rejects.toThrow(HostError);
  await expect(failing).rejects.toThrow(/^node1: installing containerd failed: .*exit code 100:\nE: no such package/);
  await server.close();
});

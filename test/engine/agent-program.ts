import * as pulumi from "@pulumi/pulumi";
import { RemoteStep } from "../../components/remote/remote-step";

class Host extends pulumi.ComponentResource {
  constructor() {
    super("test:index:Host", "host");
    this.registerOutputs();
  }
}

/** One step on a host that is reached with a key of the SSH agent, or by a key of its own; the test says which by the environment. */
export = async () => {
  const { HOST_PORT, HOST_KEY, LOGIN_KEY, LOGIN_PRIVATE_KEY } = process.env;
  const connection = {
    host: "127.0.0.1",
    port: Number(HOST_PORT),
    user: "someone",
    hostKey: HOST_KEY ?? "",
    ...(LOGIN_PRIVATE_KEY ? { privateKey: pulumi.secret(LOGIN_PRIVATE_KEY) } : { agent: { publicKey: LOGIN_KEY } }),
  };
  const host = { name: "node1", connection, incarnation: pulumi.output("i1"), resource: new Host() };
  new RemoteStep("step", { step: "greeting", host, commands: "echo hello" });
  return {};
};

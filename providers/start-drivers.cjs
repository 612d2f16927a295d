/**
 * In a preview, has the engine start the process in which the drivers run before the program itself is loaded: both take half a second to
 * load the SDK, and so they do it side by side. There is no such function to call, and the answer, which says so, is not waited for.
 *
 * Only in a preview: in an update the drivers start when the settings are right (`startDrivers` in driver-provider.ts), because a refused
 * update must leave no provider in the state. It runs in a thread, since this one is busy until it has loaded the program; where it fails,
 * the engine starts the process at the first resource.
 */
const { isMainThread, Worker, workerData } = require("node:worker_threads");

if (isMainThread) {
  // Arguments of the SDK's `cmd/run`, which parses them later.
  const monitor = process.argv[process.argv.indexOf("--monitor") + 1];
  if (process.argv.includes("--monitor") && process.argv.includes("--dry-run")) {
    // Without this process's `--require`, which would load the SDK there too.
    new Worker(__filename, { workerData: { monitor }, execArgv: [] }).on("error", () => undefined).unref();
  }
} else {
  const { credentials } = require("@grpc/grpc-js");
  const { ResourceMonitorClient } = require("@pulumi/pulumi/proto/resource_grpc_pb");
  const { ResourceInvokeRequest } = require("@pulumi/pulumi/proto/resource_pb");
  const request = new ResourceInvokeRequest();
  request.setTok("pulumi-nodejs:index:start");
  new ResourceMonitorClient(workerData.monitor, credentials.createInsecure()).invoke(request, () => undefined);
}

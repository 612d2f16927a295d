/**
 * What Node loads before the program (`nodeargs` in Pulumi.yaml): the loader that strips types, after large modules that have none to
 * strip. It looks into each file that is required after it.
 */
require("./start-drivers.cjs");
keepNodesStackTraces();
require("@pulumi/pulumi");
traceNoPromises();
require("zod");
require("tsx/cjs");

/**
 * The SDK loads source-map-support. It doesn't find the maps of this loader, so that the lines of errors would be wrong, and it takes a
 * tenth of a preview's time, because the SDK takes a stack trace for each resource. Node itself maps them right.
 */
function keepNodesStackTraces() {
  Object.defineProperty(Error, "prepareStackTrace", { get: () => undefined, set() {} });
}

/** The SDK takes a stack trace for each of its promises too, which it shows only where this variable is set: a twentieth of the time. */
function traceNoPromises() {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const debuggable = require("@pulumi/pulumi/runtime/debuggable");
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...args);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

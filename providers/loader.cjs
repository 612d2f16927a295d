/**
 * What Node loads before the program (`nodeargs` in Pulumi.yaml): the loader that strips types, after large modules that have none to
 * strip. It looks into each file that is required after it.
 */
keepNodesStackTraces();
require("@pulumi/pulumi");
require("zod");
require("tsx/cjs");

/**
 * The SDK loads source-map-support. It doesn't find the maps of this loader, so that the lines of errors would be wrong, and it takes a
 * tenth of a preview's time, because the SDK takes a stack trace for each resource. Node itself maps them right.
 */
function keepNodesStackTraces() {
  Object.defineProperty(Error, "prepareStackTrace", { get: () => undefined, set() {} });
}

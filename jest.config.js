/** One tier is one folder of test/; `make test` and `make e2e` say which (`--testPathPatterns`). */
module.exports = {
  rootDir: __dirname,
  roots: ["<rootDir>/test"],
  testMatch: ["**/*.test.ts"],
  // Only strips types: they are checked by tsc, once for the whole tree.
  transform: {
    "\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2022" }, module: { type: "commonjs" } },
    ],
  },
  testEnvironment: "node",
  testSequencer: "<rootDir>/test/report/longest-first.js",
  // For two cores. Engines and machines spend most of their time waiting.
  maxWorkers: 2,
};

import { createHash } from "node:crypto";
import { driverProvider } from "../../../providers/driver-provider";

// Another text previews every machine and every join of every cluster as changed.
test("what the state keeps of a driver's provider is the text that it has always been", () => {
  const hash = createHash("sha256").update(driverProvider("preflight")).digest("hex");
  expect(hash).toBe("33fb657c070c5a6fa06d29b64349d8b7d02b4a1fa4ec1cadbf6529c88e76fd9b");
});

import type { Expectations } from "../../../providers/host/preflight/hosts";

/** What the preflight expects where a test is not about that. */
export const EXPECTED: Expectations = {
  apiPort: 6443,
  cilium: true,
  hubble: true,
  subnets: [],
  refusesCgroupV1: true,
  ignored: [],
  accepted: [],
  packages: [],
};

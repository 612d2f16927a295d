import type { TestHost } from "./test-host";

/** How a host is reached, in the names of the settings (`machines.nodes[].ssh`), but for its secrets. */
export interface HostSsh {
  hostKey: string;
  user: string;
  bastion?: { host: string; user: string; hostKey: string };
}

/** A host that the program finds and didn't make. */
export interface ExistingHost extends TestHost {
  readonly ssh: HostSsh;
  /** What sudo asks its user for. */
  readonly sudoPassword?: string;
}

/** Existing hosts on one bridge, for the metal stack. */
export interface ExistingHosts {
  readonly all: readonly ExistingHost[];
  /** First three numbers of the hosts' /24; the workstation is its `.1`. */
  readonly network: string;
  /** The key that every host lets in. */
  readonly key: { private: string; public: string };
  /** They run on the workstation's kernel. */
  readonly sharedKernel: boolean;
}

/** A further network of a VM, as `multipass launch --network` takes it. */
interface VmNetwork {
  /** As `multipass networks` lists it. */
  name: string;
  /** `auto`: Multipass configures the interface in the VM. */
  mode: "auto" | "manual";
  /** Default: Multipass chooses one. */
  mac?: string;
}

/** How big a VM is. */
export interface Sizes {
  cpus: number;
  /** Bytes, or a decimal with K, M or G (powers of 1024), as in "4G". */
  memory: string;
  /** As `memory`. Can grow, and can't shrink. */
  disk: string;
}

/** What a VM is to be. The sizes are those of its launch; its condition has what they are to be from then on. */
export interface MachineInputs extends Sizes {
  /** Name in Multipass, and hostname. */
  name: string;
  /** Ubuntu release. */
  image: "22.04" | "24.04" | "26.04";
  /** Networks besides Multipass' own. */
  networks: VmNetwork[];
  /** It holds a cluster, which would be lost with it. */
  controlPlane?: boolean;
  /** The user's own cloud-init user-data, merged over the program's. */
  cloudInit: Record<string, unknown>;
  /** Logs in by key and may use sudo. */
  user: string;
  /** `ssh-ed25519 AAAA…`: the one key that may log in as `user`. */
  authorizedKey: string;
  /** `ssh-ed25519 AAAA…`. */
  hostKeyPublic: string;
  /** OpenSSH PEM. Secret. */
  hostKeyPrivate: string;
  /** The private part of `authorizedKey`, with which the new VM is tried. Secret. */
  clientKey: string;
}

/** The sizes are those that the VM was launched with. */
export interface MachineOutputs extends MachineInputs {
  /** Random, made with the VM: it changes exactly when the VM is recreated. */
  incarnation: string;
  /** IPv4 on Multipass' own network when the VM was made: certificates and nodes name it. Empty: not known yet. */
  address: string;
  /** The last check found the VM deleted, though Multipass could still recover it. */
  deleted: boolean;
}

export const INPUTS = [
  ...(["name", "image", "cpus", "memory", "disk", "networks", "cloudInit"] as const),
  ...(["user", "authorizedKey", "hostKeyPublic", "hostKeyPrivate", "clientKey"] as const),
];

/**
 * The inputs that replace the VM. Multipass fixes image, name and networks at the launch, and cloud-init reads user-data in
 * the first boot alone.
 */
export const REPLACING = ["name", "image", "networks", "cloudInit", "user", "hostKeyPublic"] as const;

/** The sizes alone, of whatever has them. */
export function sizesOf({ cpus, memory, disk }: Sizes): Sizes {
  return { cpus, memory, disk };
}

/** Where a VM is removed by hand and recreated by the next `up`, for messages. */
export function removeCommand(name: string): string {
  return `multipass delete --purge ${name}`;
}

const UNITS = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 } as const;

/**
 * Bytes of a size as Multipass takes it: bytes, or a decimal with K, M or G (powers of 1024). A part of a byte is cut off, as Multipass
 * does. `undefined` where the text is no size.
 */
export function bytesOf(size: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([KMG]?)$/.exec(size);
  if (!match || (match[2] === "" && size.includes("."))) return undefined;
  return Math.floor(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS]);
}

/**
 * A size as people write it ("4GiB", "20GB", "4g", "1 TiB"), in the form that Multipass takes in all its releases. Its units are
 * powers of 1024, whatever they are called. What is in that form is left as it is; `undefined` where the text is no size.
 */
export function normalSize(written: string): string | undefined {
  if (bytesOf(written) !== undefined) return written;
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([KMGT]?)(?:iB|B|i)?$/i.exec(written) ?? [];
  if (number === undefined) return undefined;
  const normal = unit.toUpperCase() === "T" ? `${Number(number) * 1024}G` : `${number}${unit.toUpperCase()}`;
  return bytesOf(normal) === undefined ? undefined : normal;
}

/** What is wrong with the name of a network, as the rest of a sentence. `--network` takes `name=…,mode=…`, and has no way to quote. */
export function networkNameProblem(name: string): string | undefined {
  return name.trim() !== "" && /^[^,=\p{Cc}]{1,128}$/u.test(name)
    ? undefined
    : "is not the name of a network (`multipass networks`)";
}

/** Bytes as a person reads them: "15.6G". */
export function inGigabytes(bytes: number): string {
  return `${Number((bytes / UNITS.G).toFixed(1))}G`;
}

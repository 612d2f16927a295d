import { z } from "zod";
import * as format from "./formats";
import { secretText } from "./secret";
import { capabilitiesSchema, defaultSubnets, described, nodeFields } from "./node";

const address = format.scalarText(format.ipv4, "IPv4 address of the machine");
const port = described("TCP port", z.number().int().min(1).max(65535));
const capabilities = described(
  "What these machines can do, where it differs from their kind",
  capabilitiesSchema,
).prefault({});
const nodesOf = <Node extends z.ZodType>(node: Node) =>
  described("The machines, each one node of the cluster", z.array(node).min(1, "needs at least one node"));

/** systemd-nspawn machines on the computer that runs Pulumi. */
export const nspawnSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("nspawn")),
  network: described(
    "The bridge of the machines; the computer has the subnet's first address",
    z.strictObject({
      bridge: format.text(format.interfaceName, "Name of the bridge").default("homelab"),
      subnet: format.scalarText(format.subnet, "Subnet of the machines").prefault(defaultSubnets.machines),
    }),
  ).prefault({}),
  image: described(
    "The system of the machines",
    z.strictObject({
      distribution: described("Distribution", z.enum(["debian"])).default("debian"),
      release: described("Release", z.enum(["bookworm"])).default("bookworm"),
    }),
  ).prefault({}),
  stateDir: format
    .text(format.absolutePath, "Folder for the machines' trees; several gigabytes each")
    .default("/var/lib/homelab/nspawn"),
  capabilities,
  nodes: nodesOf(z.strictObject({ ...nodeFields, address })),
});

const networkSchema = z.strictObject({
  name: format.text(format.networkName, "A network of the computer, as `multipass networks` lists it"),
  mode: described("Whether Multipass configures the interface in the VM", z.enum(["auto", "manual"])).default("auto"),
  mac: format.text(format.macAddress, "Fixed MAC address").optional(),
});

/** Each is a default for all VMs and can be set for one. */
const vmFields = {
  image: described("Ubuntu release", z.enum(["22.04", "24.04"])),
  cpus: described("Number of CPUs", z.number().int().min(1).max(256)),
  memory: format.text(format.vmSize, "Memory, such as 4G"),
  disk: format.text(format.vmSize, "Disk, such as 20G"),
  cloudInit: described("User-data merged over the program's own, as a mapping", z.record(z.string(), z.unknown())),
  networks: described("Further networks of the VM", z.array(networkSchema)),
};

/** Multipass virtual machines on the computer that runs Pulumi. */
export const multipassSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("multipass")),
  image: vmFields.image.default("24.04"),
  cpus: vmFields.cpus.default(2),
  memory: vmFields.memory.default("4G"),
  disk: vmFields.disk.default("20G"),
  cloudInit: vmFields.cloudInit.prefault({}),
  networks: vmFields.networks.prefault([]),
  capabilities,
  nodes: nodesOf(
    z.strictObject({
      ...nodeFields,
      image: vmFields.image.optional(),
      cpus: vmFields.cpus.optional(),
      memory: vmFields.memory.optional(),
      disk: vmFields.disk.optional(),
      cloudInit: vmFields.cloudInit.optional(),
      networks: vmFields.networks.optional(),
    }),
  ),
});

const hostKey = format.text(
  format.hostKey,
  "The host's ed25519 public key; a host with another key is refused. `ssh-keyscan -t ed25519 HOST` prints it",
);

const bastionSchema = z.strictObject({
  host: format.text(format.hostOrAddress, "IPv4 address or DNS name"),
  port: port.default(22),
  user: format.text(format.userName, "User on the bastion"),
  hostKey,
});

const loginFields = {
  user: format.text(format.userName, "User on the host; needs sudo"),
  port,
  agent: described("Use the keys of the SSH agent", z.boolean()),
  privateKeyPath: format.text(format.filePath, "File with the private key"),
  bastion: described("Host to connect through", bastionSchema),
};

/** How hosts are reached that the program did not make itself. */
export const sshSchema = z.strictObject({
  connectTimeoutSeconds: described(
    "How long to wait for a host that doesn't answer, in all",
    z.number().int().min(5).max(3600),
  ).default(180),
  user: loginFields.user.optional(),
  port: loginFields.port.optional(),
  agent: loginFields.agent.optional(),
  privateKeyPath: loginFields.privateKeyPath.optional(),
  privateKey: secretText(
    "Private key in PEM or OpenSSH format (`pulumi config set --secret --path ssh.privateKey`)",
  ).optional(),
  sudoPassword: secretText("Password for sudo, where it needs one").optional(),
  bastion: loginFields.bastion.optional(),
});

/** Existing hosts over SSH. */
export const metalSchema = z.strictObject({
  kind: described("The kind of machine", z.literal("metal")),
  protect: described("Refuse `pulumi destroy` until this is false", z.boolean()).default(true),
  capabilities,
  nodes: nodesOf(
    z.strictObject({
      ...nodeFields,
      address: format.scalarText(format.ipv4, "IPv4 address by which the host is reached"),
      privateAddress: format
        .scalarText(format.ipv4, "IPv4 address of the node in the cluster, where it differs")
        .optional(),
      ssh: described(
        "How this host is reached, over the settings under `ssh`",
        // Without any of it, what is missing is the host key.
        z.preprocess(
          (ssh) => ssh ?? {},
          z.strictObject({
            hostKey,
            user: loginFields.user.optional(),
            port: loginFields.port.optional(),
            agent: loginFields.agent.optional(),
            privateKeyPath: loginFields.privateKeyPath.optional(),
            sudoPassword: secretText("Password for sudo on this host").optional(),
            bastion: loginFields.bastion.optional(),
          }),
        ),
      ),
    }),
  ),
});

export const machinesSchema = z.discriminatedUnion("kind", [nspawnSchema, multipassSchema, metalSchema]);

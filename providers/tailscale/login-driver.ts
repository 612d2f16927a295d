import { stepScript } from "../host/shell/script";
import { difference, type Driver } from "../driver";
import { withSsh } from "../host/ssh/connect";
import { HostError } from "../host/ssh/errors";
import { runAsRootOrFail } from "../host/ssh/root";
import type { SshSession, SshTarget } from "../host/ssh/target";
import { skipIfUnreachable } from "../host/ssh/skip-if-unreachable";
import { warn } from "../warn";
import { Tailnet, type TailnetAccess } from "./api";
import { loginScript, logoutScript, renameScript, statusScript } from "./login-script";
import { parseStatus, type TailscaleStatus } from "./status";
import { unlessRefused } from "./errors";

export interface LoginInputs {
  /** The host that joins the tailnet. */
  node: SshTarget;
  /** Changes when the machine is recreated. */
  incarnation: string;
  /** Name of the device. */
  hostname: string;
  tags: string[];
  /** Empty for Tailscale's own. */
  loginServer: string;
  /** Makes a key for each login, and removes the device in the end. Secret. */
  oauth?: Pick<TailnetAccess, "clientId" | "clientSecret">;
  /** A key of the user's own; it is used rather than those that `oauth` would make. Secret. */
  authKey?: string;
}

export interface LoginOutputs extends LoginInputs {
  /** The device's id in the tailnet. */
  device: string;
  /** The device's addresses in the tailnet. */
  addresses: string[];
}

const CONNECT = { timeoutSeconds: 60 };
/** A host that is gone must not keep `destroy` from ending. */
const CONNECT_ON_DELETE = { timeoutSeconds: 20 };
const RUN_LIMIT_SECONDS = 180;

/**
 * A host's membership in a tailnet. It is not a command resource because of the key: that goes to the host by standard
 * input alone. With an OAuth client each login gets a key of its own, which works once and never reaches inputs or state.
 */
export const tailscaleLoginDriver: Driver<LoginInputs, LoginOutputs> = {
  // Another key or OAuth client is only recorded: it is of use at the next login, or in the end.
  diff: (_id, recorded, wanted) =>
    difference(recorded, wanted, { replaceOn: ["incarnation", "tags", "loginServer"], deleteBeforeReplace: true }),

  async create(inputs) {
    const status = await withSsh(inputs.node, CONNECT, "joining the tailnet", async (session) => {
      const before = await statusOf(session);
      if (isJoined(before, inputs)) await run(session, renameScript(inputs.hostname));
      else await logIn(session, inputs);
      return statusOf(session);
    });
    return { id: status.device, outputs: { ...inputs, device: status.device, addresses: status.addresses } };
  },

  /** Asks the service alone: whether a device was removed there shows nowhere else. */
  async read(id, recorded) {
    const { device, oauth, loginServer } = recorded;
    const found =
      oauth === undefined ||
      (await unlessRefused(`${recorded.node.name}: reading its device in the tailnet`, true, async () =>
        (await Tailnet.open({ ...oauth, loginServer })).hasDevice(device),
      ));
    return found ? { id, inputs: inputsOf(recorded), outputs: recorded } : undefined;
  },

  async update(_id, recorded, wanted) {
    if (recorded.hostname !== wanted.hostname) {
      await withSsh(wanted.node, CONNECT, "renaming its device in the tailnet", (session) =>
        run(session, renameScript(wanted.hostname)),
      );
    }
    return { ...wanted, device: recorded.device, addresses: recorded.addresses };
  },

  async delete(_id, recorded) {
    const { node, device, oauth, loginServer } = recorded;
    await logOut(node);
    if (oauth === undefined) {
      warn(
        `${node.name}: the tailnet may list its device ${device} for longer, as expired: remove it in the admin console. With addons.tailscale.oauth the program does that`,
      );
      return;
    }
    await unlessRefused(
      `${node.name}: removing its device ${device} from the tailnet (by hand: in the admin console)`,
      undefined,
      async () => (await Tailnet.open({ ...oauth, loginServer })).removeDevice(device),
    );
  },
};

function inputsOf({ node, incarnation, hostname, tags, loginServer, oauth, authKey }: LoginOutputs): LoginInputs {
  return {
    node,
    incarnation,
    hostname,
    tags,
    loginServer,
    ...(oauth ? { oauth } : {}),
    ...(authKey ? { authKey } : {}),
  };
}

/** Whether an interrupted run of ours logged the host in as it is wanted. */
function isJoined(status: TailscaleStatus, { tags }: LoginInputs): boolean {
  return status.state === "Running" && [...status.tags].sort().join() === [...tags].sort().join();
}

async function logIn(session: SshSession, inputs: LoginInputs): Promise<void> {
  const { authKey, oauth, tags, loginServer, hostname } = inputs;
  if (authKey !== undefined) {
    await run(session, loginScript({ authKey, hostname, tags, loginServer }));
    return;
  }
  if (oauth === undefined) {
    throw new HostError({
      kind: "command",
      host: inputs.node.name,
      doing: "joining the tailnet",
      problem: "there is neither an OAuth client nor an auth key",
      action: "Set addons.tailscale.oauth or addons.tailscale.machines.authKey",
    });
  }
  const tailnet = await Tailnet.open({ ...oauth, loginServer });
  const { id, key } = await tailnet.createKey(tags, `homelab ${hostname}`);
  try {
    await run(session, loginScript({ authKey: key, hostname, tags, loginServer }));
  } finally {
    await unlessRefused(`deleting the auth key ${id}, which ends in ten minutes by itself`, undefined, () =>
      tailnet.deleteKey(id),
    );
  }
}

/** A host that is gone, or another one now, is none to log out. */
async function logOut(node: SshTarget): Promise<void> {
  await skipIfUnreachable(`${node.name}: leaving the tailnet`, () =>
    withSsh(node, CONNECT_ON_DELETE, "leaving the tailnet", async (session) => {
      const said = (await run(session, logoutScript())).trim();
      if (said.startsWith("kept ")) warn(`${node.name}: ${said}`);
    }),
  );
}

async function statusOf(session: SshSession): Promise<TailscaleStatus> {
  return parseStatus(await run(session, statusScript()), session.target.name);
}

async function run(session: SshSession, commands: string): Promise<string> {
  const script = stepScript({ standalone: true, host: session.target.name, step: "tailscale-login", commands });
  return (await runAsRootOrFail(session, script, { timeoutSeconds: RUN_LIMIT_SECONDS })).stdout;
}

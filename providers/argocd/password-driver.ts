import { randomBytes } from "node:crypto";
import { hash } from "bcryptjs";
import { difference, type Driver } from "../driver";

interface PasswordInputs {
  /** The password as the settings have it; empty where one is to be made. Secret. */
  given: string;
}

export interface PasswordOutputs extends PasswordInputs {
  /** What is valid now. Secret. */
  password: string;
  /** bcrypt, as Argo CD keeps it. Secret. */
  hash: string;
  /** When it was last changed, as RFC 3339: sessions from before end. */
  changedAt: string;
}

const RANDOM_BYTES = 18;
const BCRYPT_COST = 10;

/** The password of Argo CD's admin. It is in the state because its hash has a random part, and must stay the same. */
export const passwordDriver: Driver<PasswordInputs, PasswordOutputs> = {
  diff: (_id, recorded, wanted) => difference(recorded, wanted),

  async create(inputs) {
    return { id: "admin", outputs: await passwordFor(inputs) };
  },

  async update(_id, _recorded, wanted) {
    return passwordFor(wanted);
  },

  async delete() {
    // Nothing but the state holds it.
  },
};

async function passwordFor({ given }: PasswordInputs): Promise<PasswordOutputs> {
  const password = given === "" ? randomBytes(RANDOM_BYTES).toString("base64url") : given;
  return {
    given,
    password,
    hash: await hash(password, BCRYPT_COST),
    changedAt: new Date().toISOString().replace(/\.\d+Z$/, "Z"),
  };
}

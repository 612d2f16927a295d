import { metal } from "./metal/kind";
import { multipass } from "./multipass/kind";
import { nspawn } from "./nspawn/kind";

/** Every kind of machine. */
export const kinds = [nspawn, multipass, metal] as const;

export type Kind = (typeof kinds)[number];

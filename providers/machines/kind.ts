/**
 * A kind of machine, in its folder's `kind.ts`. Its parts are loaded when they are needed: most runs need few of them, and a
 * provider that has to delete a resource none of the settings.
 */
export interface MachineKind {
  /** As in `machines.kind`. */
  name: string;
  /** `settings.ts`: see `KindSettings` in settings/machines.ts. */
  settings(): unknown;
  /** Answers the function that makes the machines: see components/machines.ts. */
  machines(): unknown;
  /** By the kind of driver, which is in users' states: it is as permanent as a resource's name. */
  drivers: Readonly<Record<string, () => unknown>>;
}

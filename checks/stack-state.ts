/** A stack's state as `pulumi stack export` prints it: what of it is read here, and the names in it. Pure. */
export interface StackState {
  deployment: { resources?: StateResource[]; pending_operations?: unknown[] };
}

export interface StateResource {
  urn: string;
  type: string;
  /** The resource it is deleted with, without a call of its own provider. */
  deletedWith?: string;
  protect?: boolean;
  dependencies?: string[];
  propertyDependencies?: Record<string, string[]>;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

/** What a URN is made of: `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`. */
export interface UrnParts {
  stack: string;
  project: string;
  type: string;
  /** The type of its parent; none where that is the stack. */
  parentType?: string;
  name: string;
}

/** @throws Error where the text is no URN */
export function urnParts(urn: string): UrnParts {
  const [head = "", project = "", types = "", ...name] = urn.split("::");
  const stack = /^urn:pulumi:(.+)$/.exec(head)?.[1];
  if (stack === undefined || name.length === 0) throw new Error(`${urn} is no URN of Pulumi`);
  const chain = types.split("$");
  const type = chain.pop() ?? "";
  const parentType = chain.pop();
  // A resource may have the separator in its name.
  return { stack, project, type, ...(parentType === undefined ? {} : { parentType }), name: name.join("::") };
}

export function resourceName({ urn }: { urn: string }): string {
  return urnParts(urn).name;
}

/** A value of a state that was exported with `--show-secrets`: a secret is JSON in the field `plaintext`. */
export function inClear(value: unknown): unknown {
  if (value === null || typeof value !== "object" || !("plaintext" in value)) return value;
  return JSON.parse(String(value.plaintext)) as unknown;
}

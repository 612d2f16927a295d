import type { ApiServer } from "./api-server";
import { eventually } from "../eventually";

const SERVED_WITHIN_SECONDS = 30;

/** A kind that an API server doesn't have by itself; its objects may hold anything. */
export interface CustomKind {
  group: string;
  version: string;
  kind: string;
  scope: "Namespaced" | "Cluster";
  /** Of its schema. */
  description?: string;
}

const pluralOf = ({ kind }: CustomKind): string => `${kind.toLowerCase()}s`;

/** Its CustomResourceDefinition. */
export function definitionOf(custom: CustomKind): object {
  const { group, version, kind, scope, description } = custom;
  const described = description === undefined ? {} : { description };
  const schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true, ...described };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${pluralOf(custom)}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, listKind: `${kind}List`, plural: pluralOf(custom), singular: kind.toLowerCase() },
      versions: [{ name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

/** Defines it, and waits until it is served, which it is a moment later. */
export async function serveKind(api: ApiServer, custom: CustomKind): Promise<void> {
  await api.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definitionOf(custom));
  const all = `/apis/${custom.group}/${custom.version}/${pluralOf(custom)}`;
  if (!(await eventually(async () => Boolean(await api.request("GET", all)), SERVED_WITHIN_SECONDS, 250)))
    throw new Error(`the API server does not serve ${custom.kind} within ${SERVED_WITHIN_SECONDS} s`);
}

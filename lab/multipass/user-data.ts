import * as yaml from "js-yaml";

/**
 * YAML as cloud-init reads it: PyYAML's, that is version 1.1, where `yes` is true and 0600 is octal. What is read by it and
 * written again reaches cloud-init unchanged.
 */
const pyYaml = yaml.FAILSAFE_SCHEMA.extend({
  implicit: [
    new yaml.Type("tag:yaml.org,2002:null", {
      kind: "scalar",
      resolve: (text: unknown) => text === null || /^(~|null|Null|NULL|)$/.test(text as string),
      construct: () => null,
      predicate: (value) => value === null,
      represent: () => "null",
    }),
    new yaml.Type("tag:yaml.org,2002:bool", {
      kind: "scalar",
      resolve: (text: unknown) => /^(yes|true|on|no|false|off)$/.test(caseless(text)),
      construct: (text: unknown) => /^(yes|true|on)$/.test(caseless(text)),
      predicate: (value) => typeof value === "boolean",
      represent: (value) => JSON.stringify(value),
    }),
    new yaml.Type("tag:yaml.org,2002:int", {
      kind: "scalar",
      resolve: (text: unknown) => /^[-+]?(0|[1-9]\d{0,14}|0[0-7]{1,14}|0x[0-9a-fA-F]{1,12})$/.test(String(text)),
      construct: (text: unknown) => integer(String(text)),
      predicate: (value) => typeof value === "number" && Number.isInteger(value),
      represent: (value) => JSON.stringify(value),
    }),
  ],
});

/** yes, Yes and YES are one; yEs is a text. */
function caseless(text: unknown): string {
  const word = String(text);
  return /^([A-Z]?[a-z]+|[A-Z]+)$/.test(word) ? word.toLowerCase() : word;
}

function integer(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const digits = text.replace(/^[-+]/, "");
  const base = /^0x/.test(digits) ? 16 : /^0\d/.test(digits) ? 8 : 10;
  return sign * parseInt(digits.replace(/^0x/, ""), base);
}

export type CloudConfig = Record<string, unknown>;

/** @throws Error where the text is no YAML; anything but a mapping counts as an empty one, as in Multipass */
export function parseCloudConfig(text: string): CloudConfig {
  const value = yaml.load(text, { schema: pyYaml });
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as CloudConfig) : {};
}

export function printCloudConfig(config: CloudConfig): string {
  return `#cloud-config\n${yaml.dump(config, { schema: pyYaml, lineWidth: -1, forceQuotes: true, noRefs: true })}`;
}

/** What the daemon adds to the user's data, so that its own user and key stay (prepare_user_data in its sources). */
export function withOwnUser(config: CloudConfig, ownKey: string): CloudConfig {
  const { users, ssh_authorized_keys: keys } = config;
  return {
    ...config,
    ...(Array.isArray(users) ? { users: [...(users as unknown[]), "default"] } : {}),
    ...(Array.isArray(keys) ? { ssh_authorized_keys: [...(keys as unknown[]), ownKey] } : {}),
  };
}

/**
 * The daemon's own data (base_cloud_init_config). Without the package `pollinate`, which it also asks for: it brings entropy
 * from Ubuntu's servers, and these machines reach none.
 */
export function vendorData(ownKey: string): CloudConfig {
  return {
    growpart: { mode: "auto", devices: ["/"], ignore_growroot_disabled: false },
    users: ["default"],
    manage_etc_hosts: true,
    ssh_authorized_keys: [ownKey],
    timezone: "Etc/UTC",
    system_info: { default_user: { name: "ubuntu" } },
  };
}

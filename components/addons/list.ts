import type { AddonsSettings } from "../../settings";
import type { Addon } from "./addon";
import { argocd } from "./argocd/addon";
import { cilium } from "./cilium/addon";
import { longhorn } from "./longhorn/addon";
import { tailscale } from "./tailscale/addon";

/** The add-ons, in the order in which they are installed. */
export const addons = [cilium, longhorn, tailscale, argocd] as const;

export type OneAddon = (typeof addons)[number];
export type AddonName = OneAddon["name"];

/** What is switched on and still left out, by name, with the setting that is missing. */
export function leftOut(settings: AddonsSettings): Record<string, string> {
  return Object.assign({}, ...addons.map((addon) => addon.settings().leftOut?.(settings))) as Record<string, string>;
}

/** The add-ons that are installed. */
export function addonsOn(settings: AddonsSettings): OneAddon[] {
  const missing = leftOut(settings);
  return addons.filter(({ name }) => settings[name].enabled && !(name in missing));
}

/** The add-on that a resource belongs to, by the resource's name. */
export function addonOf(resource: string): Addon | undefined {
  return addons.find(({ name }) => resource === name || resource.startsWith(`${name}-`));
}

import { machineSubnet } from "../../../settings/machines";
import { isSet, valueOf } from "../../../settings/places";
import type { Rule } from "../../../settings/rule";
import { subnetsOverlap } from "../../../settings/subnets";

/** Of it every tailnet takes the addresses of its devices. */
const TAILNET = "100.64.0.0/10";

/** Rules between Tailscale and the other settings. */
export const tailscaleRule: Rule = (settings, report) => {
  const { tailscale } = settings.addons;
  const operator = valueOf(tailscale.enabled) === true;
  const machines = valueOf(tailscale.machines.enabled) === true;
  if (operator || machines) subnets(settings, report);
  pages(settings, report);
  if (machines) names(settings, report);
};

const subnets: Rule = (settings, report) => {
  const { podSubnet, serviceSubnet } = settings.cluster;
  for (const network of [podSubnet, serviceSubnet, machineSubnet(settings)]) {
    const subnet = network && valueOf(network);
    if (!network || subnet === undefined || !subnetsOverlap(subnet, TAILNET)) continue;
    report(network, `${subnet} overlaps ${TAILNET}, of which Tailscale takes its addresses; choose another subnet`);
  }
};

const pages: Rule = ({ addons: { argocd, cilium, tailscale } }, report) => {
  const shown = { argocd: argocd.enabled, hubble: cilium.hubble.ui };
  const names = { argocd: "addons.argocd.enabled", hubble: "addons.cilium.hubble.ui" };
  for (const page of ["argocd", "hubble"] as const) {
    const setting = tailscale.ingress[page];
    if (!valueOf(setting)) continue;
    if (!valueOf(tailscale.enabled)) report(setting, "true needs addons.tailscale.enabled");
    if (!valueOf(shown[page])) report(setting, `true needs ${names[page]}`);
  }
};

/** In the tailnet the stack's name is put before the names of hosts, of the operator and of its pages alike. */
const names: Rule = ({ addons: { tailscale }, machines }, report) => {
  if (!valueOf(tailscale.enabled)) return;
  const { argocd, hubble } = tailscale.ingress;
  const taken = [
    ...(isSet(tailscale.hostname) ? [] : ["operator"]),
    ...(valueOf(argocd) ? ["argocd"] : []),
    ...(valueOf(hubble) ? ["hubble"] : []),
  ];
  for (const { name } of machines.nodes) {
    const text = valueOf(name);
    if (text === undefined || !taken.includes(text)) continue;
    report(name, `${text} is what another device of this stack is called in the tailnet; choose another`);
  }
};

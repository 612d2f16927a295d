import { defaultSubnets } from "../node";
import { type Problem, valueAt } from "../problems";
import { subnetsOverlap } from "../subnets";
import { subnetAt, type View } from "../view";

const TAILSCALE = ["addons", "tailscale"] as const;
/** Of it every tailnet takes the addresses of its devices. */
const TAILNET = "100.64.0.0/10";

/** Rules between Tailscale and the other settings. */
export function tailscaleProblems(view: View): Problem[] {
  const isOn = (...path: string[]) => valueAt(view.raw, [...TAILSCALE, ...path]) === true;
  const operator = isOn("enabled");
  return [
    ...(operator ? socketTranslation(view) : []),
    ...(operator || isOn("machines", "enabled") ? subnets(view) : []),
    ...ingress(view, operator),
    ...(isOn("machines", "enabled") ? names(view, operator) : []),
  ];
}

/**
 * Inside pods it would bypass the operator's proxies, which redirect traffic themselves. What takes the place of the chart's map
 * takes that switch away too.
 */
function socketTranslation(view: View): Problem[] {
  const path = ["addons", "cilium", "values", "socketLB"];
  const given = valueAt(view.raw, path);
  if (given === undefined) return [];
  const why = "while addons.tailscale.enabled is true: the operator's proxies get no traffic otherwise";
  if (given === null || typeof given !== "object" || Array.isArray(given)) {
    return [{ path, message: `must be a mapping, or left out, ${why}` }];
  }
  const value = valueAt(given, ["hostNamespaceOnly"]);
  return value === undefined || value === true
    ? []
    : [{ path: [...path, "hostNamespaceOnly"], message: `must be true ${why}` }];
}

function subnets(view: View): Problem[] {
  const { kind, raw } = view;
  const networks = [
    subnetAt(raw, ["cluster", "podSubnet"], defaultSubnets.pods),
    subnetAt(raw, ["cluster", "serviceSubnet"], defaultSubnets.services),
    kind === "nspawn" ? subnetAt(raw, ["machines", "network", "subnet"], defaultSubnets.machines) : undefined,
  ];
  return networks.flatMap((network) =>
    network && subnetsOverlap(network.value, TAILNET)
      ? [
          {
            path: network.path,
            message: `${network.value} overlaps ${TAILNET}, of which Tailscale takes its addresses; choose another subnet`,
          },
        ]
      : [],
  );
}

function ingress(view: View, operator: boolean): Problem[] {
  const wanted = (name: string) => valueAt(view.raw, [...TAILSCALE, "ingress", name]) === true;
  const needs = (name: string, setting: string) => ({
    path: [...TAILSCALE, "ingress", name],
    message: `true needs ${setting}`,
  });
  return [
    ...["argocd", "hubble"]
      .filter((name) => wanted(name) && !operator)
      .map((name) => needs(name, "addons.tailscale.enabled")),
    ...(wanted("argocd") && valueAt(view.raw, ["addons", "argocd", "enabled"]) !== true
      ? [needs("argocd", "addons.argocd.enabled")]
      : []),
    ...(wanted("hubble") && valueAt(view.raw, ["addons", "cilium", "hubble", "ui"]) !== true
      ? [needs("hubble", "addons.cilium.hubble.ui")]
      : []),
  ];
}

/** In the tailnet the stack's name goes before the names of machines, of the operator and of its pages alike. */
function names(view: View, operator: boolean): Problem[] {
  const own = valueAt(view.raw, [...TAILSCALE, "hostname"]) === undefined ? ["operator"] : [];
  const pages = ["argocd", "hubble"].filter((page) => valueAt(view.raw, [...TAILSCALE, "ingress", page]) === true);
  const taken = operator ? [...own, ...pages] : [];
  return view.nodes.flatMap(({ name }) =>
    name && taken.includes(name.value)
      ? [
          {
            path: name.path,
            message: `${name.value} is what another device of this stack is called in the tailnet; choose another`,
          },
        ]
      : [],
  );
}

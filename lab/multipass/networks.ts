import type { Parsed } from "./arguments";
import { commandLineError, daemonError } from "./failure";

/** Further networks are described as in the client; the stand-in has none that could be named. */
export function checkNetworks(parsed: Parsed): void {
  const networks = parsed.options.get("network") ?? [];
  for (const network of networks) {
    for (const field of network.split(",").filter(Boolean)) checkNetworkField(field, network);
    if (!/(^|,)name=./.test(network) && !/^[^=,]+$/.test(network)) {
      throw commandLineError("error: Bad network definition, need at least a 'name' field");
    }
  }
  if (networks.length === 0 && !parsed.options.has("bridged")) return;
  const details =
    "Invalid network options. To troubleshoot, see https://documentation.ubuntu.com/multipass/stable/how-to-guides/troubleshoot/";
  throw daemonError("launch", "Invalid arguments supplied", details);
}

function checkNetworkField(field: string, network: string): void {
  const [key = "", value, ...more] = field.split("=").filter(Boolean);
  if (more.length > 0 || (value === undefined && network !== field)) {
    throw commandLineError(`error: Bad network field definition: ${field}`);
  }
  if (value === undefined) return;
  if (!["name", "mode", "mac"].includes(key.toLowerCase()))
    throw commandLineError(`error: Bad network field: ${key.toLowerCase()}`);
  if (key.toLowerCase() === "mode" && !["auto", "manual"].includes(value.toLowerCase())) {
    throw commandLineError(`error: Bad network mode '${value.toLowerCase()}', need 'auto' or 'manual'`);
  }
  if (key.toLowerCase() === "mac" && !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value)) {
    throw commandLineError(`error: Invalid MAC address: ${value}`);
  }
}

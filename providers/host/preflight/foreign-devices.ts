import { subnetContains } from "../../../settings/subnets";
import { type InspectedHost, type Problem, words } from "./hosts";

/**
 * A device with an address of the pods or the services, as the bridge that another cluster's network has left behind: the host
 * would send there what is meant for a pod.
 */
export function foreignDevices({ expected, report: { facts } }: InspectedHost): Problem[] {
  // Its own cluster has such addresses.
  if (facts.kubeadm || facts.kubernetesFile) return [];
  return words(facts.addresses).flatMap((word) => {
    const [, device = "", address = ""] = /^(.*):([^:]*)$/.exec(word) ?? [];
    const taken = expected?.subnets.find(({ subnet }) => subnetContains(subnet, address.replace(/\/.*/, "")));
    if (!taken) return [];
    return [
      {
        name: "foreign-device" as const,
        problem: `device ${device} has ${address}, an address of ${taken.setting} (${taken.subnet})`,
        action: `'sudo ip link delete ${device}' where another cluster has left it behind; else choose another ${taken.setting}`,
      },
    ];
  });
}

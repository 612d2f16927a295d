import { subnetContains } from "../../../settings/subnets";
import { addressesOf, type InspectedHost, type Problem } from "./hosts";

/**
 * A device with an address of the pods or the services, as the bridge that another cluster's network has left behind: the host
 * would send there what is meant for a pod.
 */
export function foreignDevices({ expected, report: { facts } }: InspectedHost): Problem[] {
  // Its own cluster has such addresses.
  if (facts.kubeadm || facts.kubernetesFile) return [];
  return addressesOf(facts).flatMap(({ device, address, cidr }) => {
    const taken = expected?.subnets.find(({ subnet }) => subnetContains(subnet, address));
    if (!taken) return [];
    return [
      {
        name: "foreign-device" as const,
        problem: `device ${device} has ${cidr}, an address of ${taken.setting} (${taken.subnet})`,
        action: `'sudo ip link delete ${device}' where another cluster has left it behind; else choose another ${taken.setting}`,
      },
    ];
  });
}

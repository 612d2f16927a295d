import { type Args, driverResource } from "../driver-resource";
import type { JoinInputs } from "./join-driver";

type KubeadmJoinArgs = Args<JoinInputs>;

/** A node's membership in a kubeadm cluster: made by `kubeadm join`, ended by drain, delete and `kubeadm reset`. */
export class KubeadmJoin extends driverResource<KubeadmJoinArgs>("kubeadm-join", "kubeadm:Join", {
  secrets: ["node", "controlPlane"],
  deleteBeforeReplace: true,
}) {}

import { hostFaults } from "./host-faults";

hostFaults("faults on a host with a kernel of its own, Debian 13", "trixie");

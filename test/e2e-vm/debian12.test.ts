import { hostFaults } from "./host-faults";

hostFaults("faults on a host with a kernel of its own, Debian 12", "bookworm");

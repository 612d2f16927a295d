import { Machines } from "../../components/machines";
import { prepareNodes } from "../../components/node/prepare-nodes";
import { loadSettings } from "../../settings";

/** The real program as far as the prepared nodes: what the tests of hosts run. */
export = async () => {
  const settings = loadSettings();
  const machines = new Machines("machines", settings.machines);
  prepareNodes(machines.all, settings);
  return {};
};

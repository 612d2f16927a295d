import { z } from "zod";
import { addons, type OneAddon } from "../components/addons/list";

/** `homelab:addons`: the settings of each add-on by its name; each are in its folder. */
export const addonsSchema = z.strictObject(
  Object.fromEntries(addons.map(({ name, settings }) => [name, settings().schema])) as {
    [One in OneAddon as One["name"]]: ReturnType<One["settings"]>["schema"];
  },
);

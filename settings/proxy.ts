import { z } from "zod";
import { described, type Format, pattern, text } from "./fields";
import { httpUrl } from "./formats";

const proxyException: Format = pattern(
  /^[A-Za-z0-9.*][A-Za-z0-9.*:/-]*$/,
  253,
  "is not a name, an address or a subnet",
);

export const proxySchema = z.strictObject({
  http: text(httpUrl, "Proxy for http").optional(),
  https: text(httpUrl, "Proxy for https").optional(),
  noProxy: described(
    "Names and subnets that are reached directly",
    z.array(text(proxyException, "Name, address or subnet")),
  ).prefault([]),
});

import { z } from "zod";
import { described, type Format, pattern, scalarText, text } from "./fields";

const sysctlName: Format = pattern(
  /^[a-z][a-z0-9_-]*(\.[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*)+$/,
  128,
  "is not the name of a sysctl, such as net.core.somaxconn",
);

const sysctlValue: Format = pattern(
  /^[A-Za-z0-9._:/,|%@+-]+([ \t][A-Za-z0-9._:/,|%@+-]+)*$/,
  256,
  "is not the value of a sysctl: words of letters, digits and . _ : / , | % @ + -, separated by one blank",
);

export const sysctlsSchema = described(
  "Kernel parameters of every host, added to those that Kubernetes needs or in their place",
  z.record(text(sysctlName, "Name"), scalarText(sysctlValue, "Value of the kernel parameter of this name")),
);

const moduleName: Format = pattern(
  /^[A-Za-z0-9][A-Za-z0-9_-]*$/,
  56,
  "is not the name of a kernel module, as lsmod prints it, such as nf_conntrack",
);

export const modulesSchema = described(
  "Kernel modules of every host, loaded now and at every boot, beside those that Kubernetes and the sysctls need",
  z.array(text(moduleName, "Name of a kernel module, as lsmod prints it")),
);

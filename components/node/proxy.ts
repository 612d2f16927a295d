import type { NodeSteps } from "./step";

/** The environment of commands that use the network. As curl and containerd read it: curl takes the lower-case names, Go either. */
export function proxyEnvironment(proxy: NodeSteps["proxy"]): Record<string, string> {
  const environment: Record<string, string> = {};
  if (proxy?.http) environment.http_proxy = proxy.http;
  if (proxy?.https) environment.https_proxy = proxy.https;
  if (Object.keys(environment).length > 0 && proxy?.noProxy.length) environment.no_proxy = proxy.noProxy.join(",");
  return environment;
}

/**
 * Why the program can't run on this kind of workstation; nothing where it can. On Windows, Hyper-V gives Multipass' machines other
 * addresses at each restart (https://github.com/canonical/multipass/issues/1153), VirtualBox gives them none that can be reached
 * (https://github.com/canonical/multipass/issues/1333), and logins go through a socket that Windows doesn't have.
 */
export function unsupportedWorkstation(platform: string = process.platform): Diagnosis | undefined {
  if (platform !== "win32") return undefined;
  return {
    problem: "this workstation runs Windows, and the program needs Linux or macOS",
    action:
      "Run it in WSL2, from a checkout in WSL's own file system: `wsl --install -d Ubuntu`, then `make up` there. It makes the lab; " +
      "hosts of your own (STACK=metal) are reached from there too. docs/multipass.md says why.",
  };
}

interface Diagnosis {
  problem: string;
  action: string;
}

/** Path in the checkout of the program that makes and prepares machines, and no cluster. */
export const HOSTS_PROGRAM = "test/host/hosts-program.ts";

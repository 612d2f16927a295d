/** How an argument is added to the kernel's command line, by the boot loader's file that the host has. */
export function addToBootFile(file: string, argument: string): string {
  if (file.endsWith("/cmdline.txt")) return `append ' ${argument}' to the one line of ${file}`;
  if (file.endsWith("/armbianEnv.txt")) return `append '${argument}' to extraargs= in ${file}`;
  if (file === "/etc/default/grub") {
    return `append '${argument}' to GRUB_CMDLINE_LINUX in ${file} and 'sudo update-grub'`;
  }
  return `append '${argument}' to the kernel's command line in the boot loader's configuration`;
}

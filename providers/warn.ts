/** The engine shows what a provider writes there as a warning of the resource. */
export function warn(text: string): void {
  // eslint-disable-next-line no-console
  console.warn(text);
}

/** The settings that protect them. Longhorn has one of its own, because the volumes go with it. */
export function protectingSettings(names: readonly string[]): string {
  const longhorn = names.filter((name) => name.startsWith("longhorn"));
  return [
    ...(names.length > longhorn.length ? ["machines.protect: false"] : []),
    ...(longhorn.length > 0 ? ["addons.longhorn.protect: false"] : []),
  ].join(" and ");
}

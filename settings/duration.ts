import type { Format } from "./fields";

const DURATION = /^(?:([1-9]\d{0,3})h)?(?:([1-9]\d{0,3})m)?(?:([1-9]\d{0,5})s)?$/;

/** A duration as Go writes it, in whole seconds and not 0. */
export const duration: Format = (value) =>
  value !== "" && DURATION.test(value) ? undefined : 'is not a duration, such as "90s", "10m" or "1h30m"';

/** How many seconds a well-formed `duration` has. */
export function durationSeconds(value: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = DURATION.exec(value) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** How many seconds kubeadm may wait in all, where it comes to each of its limits once. */
export function totalSeconds(timeouts: Readonly<Record<string, string>>): number {
  return Object.values(timeouts).reduce((sum, value) => sum + durationSeconds(value), 0);
}

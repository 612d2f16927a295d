/** The tests on machines, of hosts and of clusters, on two cores, and some time to spare. */
const TESTS_MINUTES = 30;

/**
 * Why something that only some tests need is not built now: the run ends before its tests would. `undefined` where there is time, and
 * where the end of the run is not set (HOMELAB_ENDS_AT, in seconds since 1970; `.ci/run` sets it).
 *
 * @param name what would be built
 * @param minutes how long that takes on two cores, from an empty cache
 */
export function whyNoTimeFor(name: string, minutes: number, now = Date.now()): string | undefined {
  const left = minutesLeft(now);
  return left === undefined || left >= minutes + TESTS_MINUTES
    ? undefined
    : `${name} is not built on this workstation yet; that takes ${minutes} minutes, and the run ends in ${left}`;
}

/** Whole minutes until the end of the run; `undefined` where that is not set. */
export function minutesLeft(now = Date.now()): number | undefined {
  const endsAt = Number(process.env.HOMELAB_ENDS_AT ?? Number.NaN);
  return Number.isNaN(endsAt) ? undefined : Math.floor((endsAt - now / 1000) / 60);
}

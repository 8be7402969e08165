/** How often a session is brought back within that time; then a person must see why its workers die. */
export const REVIVAL_LIMIT = { times: 3, withinMs: 10 * 60_000 } as const;

/** What is reported of a session that is left alone for it; a sentence without its end. */
export const DYING = `Its worker has ended ${REVIVAL_LIMIT.times} times in ${REVIVAL_LIMIT.withinMs / 60_000} minutes`;
